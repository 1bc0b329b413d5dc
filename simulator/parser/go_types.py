"""What the API's Go types say and the Python structs don't: pointers, integer sizes, names of string types, embedding.

Three facts of an object hang on them: which zero values are dropped when an object is stored, what a wrong type is called
in an error (`of type int32`, `of type v1.ConcurrencyPolicy`), and the field path in it (`containers.livenessProbe.
ProbeHandler.httpGet`: embedded structs are named).
"""

from __future__ import annotations

# Optional scalars that are pointers: their zero values are kept. By field name; by `Struct.field` where a name is a
# pointer in that struct only.
POINTERS = frozenset(
    """
    completionMode podReplacementPolicy managedBy succeededIndexes timeZone runtimeClassName preemptionPolicy
    hostnameOverride mountPropagation recursiveReadOnly fsGroupChangePolicy supplementalGroupsPolicy seLinuxChangePolicy
    procMount localhostProfile gmsaCredentialSpecName gmsaCredentialSpec runAsUserName nodeAffinityPolicy nodeTaintsPolicy
    stopSignal resourceClaimName resourceClaimTemplateName initiatorName cachingMode storageClassName volumeMode
    volumeAttributesClassName apiGroup signerName
    parallelism completions backoffLimit backoffLimitPerIndex maxFailedIndexes activeDeadlineSeconds
    ttlSecondsAfterFinished succeededCount startingDeadlineSeconds successfulJobsHistoryLimit failedJobsHistoryLimit
    terminationGracePeriodSeconds priority deletionGracePeriodSeconds runAsUser runAsGroup fsGroup tolerationSeconds
    minDomains defaultMode mode expirationSeconds maxExpirationSeconds ready terminating
    manualSelector suspend automountServiceAccountToken shareProcessNamespace enableServiceLinks hostUsers
    setHostnameAsFQDN privileged runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation hostProcess optional
    controller blockOwnerDeletion immutable started
    Container.restartPolicy EphemeralContainer.restartPolicy HostPathVolumeSource.type PodDNSConfigOption.value
    PodFailurePolicyOnExitCodesRequirement.containerName GRPCAction.service ClusterTrustBundleProjection.name
    CSIVolumeSource.fsType CSIVolumeSource.readOnly AzureDiskVolumeSource.kind AzureDiskVolumeSource.fsType
    AzureDiskVolumeSource.readOnly FCVolumeSource.lun FileKeySelector.optional TypedObjectReference.namespace
    """.split()  # noqa: SIM905 - a table of words
)

NOT_POINTERS = frozenset({"ContainerStatus.ready"})

INT64 = frozenset(
    """
    activeDeadlineSeconds startingDeadlineSeconds terminationGracePeriodSeconds tolerationSeconds runAsUser runAsGroup
    fsGroup supplementalGroups generation observedGeneration deletionGracePeriodSeconds expirationSeconds seconds gid uid
    """.split()  # noqa: SIM905 - a table of words
)

# Names of Go string types, by field name or `Struct.field`.
STRING_TYPES = {
    "completionMode": "v1.CompletionMode", "podReplacementPolicy": "v1.PodReplacementPolicy",
    "concurrencyPolicy": "v1.ConcurrencyPolicy", "action": "v1.PodFailurePolicyAction",
    "PodFailurePolicyOnExitCodesRequirement.operator": "v1.PodFailurePolicyOnExitCodesOperator",
    "PodFailurePolicyOnPodConditionsPattern.type": "v1.PodConditionType",
    "PodFailurePolicyOnPodConditionsPattern.status": "v1.ConditionStatus",
    "PodSpec.restartPolicy": "v1.RestartPolicy", "Container.restartPolicy": "v1.ContainerRestartPolicy",
    "EphemeralContainer.restartPolicy": "v1.ContainerRestartPolicy",
    "ContainerResizePolicy.restartPolicy": "v1.ResourceResizeRestartPolicy",
    "ContainerRestartRule.action": "v1.ContainerRestartRuleAction",
    "ContainerRestartRuleOnExitCodes.operator": "v1.ContainerRestartRuleOnExitCodesOperator",
    "dnsPolicy": "v1.DNSPolicy", "imagePullPolicy": "v1.PullPolicy", "pullPolicy": "v1.PullPolicy",
    "terminationMessagePolicy": "v1.TerminationMessagePolicy", "protocol": "v1.Protocol",
    "mountPropagation": "v1.MountPropagationMode", "recursiveReadOnly": "v1.RecursiveReadOnlyMode",
    "resourceName": "v1.ResourceName", "scheme": "v1.URIScheme", "medium": "v1.StorageMedium",
    "HostPathVolumeSource.type": "v1.HostPathType", "accessModes": "v1.PersistentVolumeAccessMode",
    "volumeMode": "v1.PersistentVolumeMode", "SeccompProfile.type": "v1.SeccompProfileType",
    "AppArmorProfile.type": "v1.AppArmorProfileType", "procMount": "v1.ProcMountType",
    "Capabilities.add": "v1.Capability", "Capabilities.drop": "v1.Capability", "stopSignal": "v1.Signal",
    "Toleration.operator": "v1.TolerationOperator", "Toleration.effect": "v1.TaintEffect",
    "NodeSelectorRequirement.operator": "v1.NodeSelectorOperator",
    "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
    "whenUnsatisfiable": "v1.UnsatisfiableConstraintAction", "nodeAffinityPolicy": "v1.NodeInclusionPolicy",
    "nodeTaintsPolicy": "v1.NodeInclusionPolicy", "preemptionPolicy": "v1.PreemptionPolicy",
    "PodOS.name": "v1.OSName", "fsGroupChangePolicy": "v1.PodFSGroupChangePolicy",
    "supplementalGroupsPolicy": "v1.SupplementalGroupsPolicy", "seLinuxChangePolicy": "v1.PodSELinuxChangePolicy",
    "ObjectMeta.uid": "types.UID", "OwnerReference.uid": "types.UID", "conditionType": "v1.PodConditionType",
    "Secret.type": "v1.SecretType",
}  # fmt: skip

# Fields that come from an embedded struct: its name. "*" stands for every other field.
_REFERENCE = {"name": "LocalObjectReference"}
EMBEDDED: dict[str, dict[str, str]] = {
    "Volume": {"*": "VolumeSource", "name": ""},
    "Probe": dict.fromkeys(("exec", "httpGet", "tcpSocket", "grpc"), "ProbeHandler"),
    "EphemeralContainer": {"*": "EphemeralContainerCommon", "targetContainerName": ""},
    "ConfigMapKeySelector": _REFERENCE, "SecretKeySelector": _REFERENCE, "ConfigMapEnvSource": _REFERENCE,
    "SecretEnvSource": _REFERENCE, "ConfigMapProjection": _REFERENCE, "SecretProjection": _REFERENCE,
    "ConfigMapVolumeSource": _REFERENCE,
}  # fmt: skip

# Optional structs that are no pointers, so that an empty one is always written.
EMBEDDED_STRUCTS = frozenset(
    """
    Container.resources EphemeralContainer.resources PodTemplateSpec.metadata PodTemplateSpec.spec JobTemplateSpec.metadata
    JobTemplateSpec.spec Job.metadata CronJob.metadata Pod.metadata ConfigMap.metadata Secret.metadata Namespace.metadata
    Job.spec CronJob.spec Pod.spec PersistentVolumeClaimTemplate.metadata PersistentVolumeClaimSpec.resources
    """.split()  # noqa: SIM905 - a table of words
)
# Required structs and scalars are always written; so is this one, though optional in the published schema.
ALWAYS_WRITTEN = frozenset({"ResourceFieldSelector.divisor"})

# The one required list that may be empty in an accepted object. A server shows it as null; a struct can only hold [].
MAY_BE_EMPTY = frozenset({"PodFailurePolicy.rules"})

RESOURCE_LISTS = frozenset({"limits", "requests", "overhead", "allocatedResources", "capacity", "resources"})
BYTES = frozenset({"Secret.data", "ConfigMap.binaryData"})
