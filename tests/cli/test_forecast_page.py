"""The page of a forecast in a real browser: what it shows, zoomed and not, on a phone, in the dark, without a network.

The browser is Debian's chromium. CI has it; elsewhere these tests are skipped where it is not installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from simulator.forecast.page import page
from simulator.forecast.simulation import Forecast, simulate
from tests.unit.forecast.worlds import cron_job, job_spec, request

BROWSER = shutil.which("chromium")
# pytest's groups: browsers started by two workers at once are slow on two cores.
pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    if BROWSER is None and os.environ.get("CI") == "true":
        pytest.fail("chromium is not installed: apt-get install chromium")
    if BROWSER is None:
        pytest.skip("chromium is not installed")


def forecast() -> Forecast:
    requests = job_spec(requests={"cpu": "250m", "memory": "64Mi"})
    return simulate(
        request(
            cron_job("backup", "0 2 * * *", job=requests),
            cron_job("report", "30 2 * * *", job=requests),
            cron_job("busy", "*/20 * * * *", concurrencyPolicy="Forbid"),
            cron_job("berlin", "30 2 * * *", timeZone="Europe/Berlin"),
            start="2027-03-25T00:00",
            span="7d",
            duration=["backup=1h", "busy=30m", "10m"],
            fail_with=["report=3"],
        )
    )


def shown(path: Path, script: str = "", *flags: str) -> str:
    """The document as the browser has it after a script has run in it."""
    assert BROWSER is not None
    text = page(forecast())
    path.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={path.parent / 'browser'}",
        *flags,
        "--dump-dom",
        path.as_uri(),
    ]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60, env={**os.environ, "TZ": "UTC"})
    return done.stdout.decode()


def test_the_page_names_nothing_outside_itself() -> None:
    text = page(forecast())
    head = text.split('<script type="application/json"')[0]
    assert not re.search(r"(src|href)\s*=", head)
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\"'\s]+", text)) == {"http://www.w3.org/2000/svg"}


def test_it_draws_runs_skips_loads_and_findings(tmp_path: Path) -> None:
    dom = shown(tmp_path / "page.html")
    runs = re.findall(r'<rect class="run (\w+)"', dom)
    assert runs.count("Complete") > 100
    assert "Failed" in runs
    assert '<path class="skip"' in dom
    assert all(f'<text class="name" x="4" y="{y}">{name}</text>' in dom for y, name in ((32, "backup"), (152, "report")))
    assert '<path class="level jobs"' in dom
    assert '<path class="level cpuMilli"' in dom
    assert "up to 500m CPU" in dom
    assert "up to 128Mi memory" in dom
    findings = re.findall(r'<li class="\w+">([^<]*)</li>', dom)
    assert "`report` overlaps `backup` on 7 of 7 nights" in findings
    assert any("does not run on 28 March 2027 and runs twice on 31 October 2027" in text for text in findings)


def test_zoom_by_day_and_by_hour_and_a_bar_that_is_tapped(tmp_path: Path) -> None:
    tap = "document.querySelector('rect.run.Failed').dispatchEvent(new Event('click'));"
    dom = shown(tmp_path / "page.html", "document.getElementById('zoom-day').click();" + tap)
    assert "25 Mar 2027, 00:00:00 – 26 Mar 2027, 00:00:00 UTC" in dom
    assert re.search(r'<p id="detail"[^>]*>report-\d+: 25 Mar 2027, 02:30:00, [^<]*BackoffLimitExceeded', dom)
    clicks = "document.getElementById('zoom-hour').click();document.getElementById('later').click()"
    hour = shown(tmp_path / "page.html", clicks)
    assert "25 Mar 2027, 01:00:00 – 25 Mar 2027, 02:00:00 UTC" in hour
    assert ">01:15</text>" in hour


def test_it_fits_a_phone_and_knows_the_dark(tmp_path: Path) -> None:
    script = (
        "document.title = [document.documentElement.scrollWidth <= innerWidth, innerWidth,"
        " getComputedStyle(document.body).backgroundColor].join(' ')"
    )
    light = shown(tmp_path / "page.html", script, "--window-size=500,900")
    assert "<title>true 500 rgb(255, 255, 255)</title>" in light
    dark = shown(tmp_path / "page.html", script, "--window-size=500,900", "--blink-settings=preferredColorScheme=0")
    assert "<title>true 500 rgb(18, 22, 29)</title>" in dark
