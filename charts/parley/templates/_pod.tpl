{{/* What the pods of the chart have in common. */}}

{{/* No token, no service links, the restricted profile, pull secrets. In: root, pullSecrets (of the image). */}}
{{- define "parley.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat .root.Values.global.imagePullSecrets (.pullSecrets | default list) | uniq }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "parley.containerSecurity" -}}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where pods of the chart may run: the same for the gateway and for what goes with it. */}}
{{- define "parley.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "parley.secretsVolume" -}}
{{- with include "parley.secretSources" . | trim }}
- name: secrets
  projected:
    # 0440: for the pod's group only.
    defaultMode: 288
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "parley.secretsMount" -}}
{{- if include "parley.secretSources" . | trim }}
- name: secrets
  mountPath: /run/secrets/parley
  readOnly: true
{{- end }}
{{- end }}

{{/* The same for the gateway and for what checks it. */}}
{{- define "parley.gatewayEnv" -}}
{{- include "parley.env" . }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "parley.volumes" -}}
{{- include "parley.secretsVolume" . }}
{{- if include "parley.textFiles" . | fromYaml }}
- name: files
  configMap:
    name: {{ include "parley.fullname" . }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "parley.volumeMounts" -}}
{{- include "parley.secretsMount" . }}
{{- if include "parley.textFiles" . | fromYaml }}
- name: files
  mountPath: /etc/parley
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Adds what selects the gateway's pods, where it is missing; pods of another revision are not counted. */}}
{{- define "parley.topologySpread" -}}
{{- $labels := include "parley.selectorLabels" (dict "root" . "component" "gateway") | fromYaml -}}
{{- $constraints := list -}}
{{- range .Values.topologySpreadConstraints -}}
{{- $defaults := dict "labelSelector" (dict "matchLabels" $labels) "matchLabelKeys" (list "pod-template-hash") -}}
{{- if .labelSelector }}{{ $defaults = dict }}{{ end -}}
{{- $constraints = append $constraints (merge (deepCopy .) $defaults) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end }}

{{- define "parley.podAnnotations" -}}
{{- $annotations := dict "kubectl.kubernetes.io/default-container" "parley" -}}
{{- if include "parley.textFiles" . | fromYaml -}}
{{- /* Of the texts, not of the ConfigMap: its labels change with the chart's version, and a rollout drains every pod. */ -}}
{{- $_ := set $annotations "checksum/config" (include "parley.textFiles" . | sha256sum) -}}
{{- end -}}
{{- if not .Values.disruption.clusterAutoscalerMayEvict -}}
{{- $_ := set $annotations "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" -}}
{{- end -}}
{{- with .Values.disruption.karpenterDoNotDisrupt -}}
{{- $_ := set $annotations "karpenter.sh/do-not-disrupt" . -}}
{{- end -}}
{{- if has "istio" (list .Values.ingress.preset .Values.httpRoute.preset) -}}
{{- /* A sidecar that answers for a dead process would hide its death from the other pods. */ -}}
{{- $port := .Values.ports.management | int | toString -}}
{{- $_ := set $annotations "traffic.sidecar.istio.io/excludeInboundPorts" $port -}}
{{- $_ := set $annotations "traffic.sidecar.istio.io/excludeOutboundPorts" $port -}}
{{- end -}}
{{- toYaml (merge (deepCopy .Values.podAnnotations) $annotations) -}}
{{- end }}

{{/* In: root, times, path. */}}
{{- define "parley.probe" -}}
httpGet:
  path: {{ .path }}
  port: management
{{ toYaml .times }}
{{- end }}
