{{/* Parts of network policies. */}}

{{/* Peers: the release's pods of some components. In: root, components. */}}
{{- define "parley.podPeers" -}}
{{- range .components }}
- podSelector:
    matchLabels:
      {{- include "parley.selectorLabels" (dict "root" $.root "component" .) | nindent 6 }}
{{- end }}
{{- end }}

{{/* In: list of ports. */}}
{{- define "parley.tcpPorts" -}}
{{- range . }}
- protocol: TCP
  port: {{ . }}
{{- end }}
{{- end }}

{{/*
The policy of a pod that goes with the gateway: open for the gateway only, and itself for nothing.
In: root, component, ports; types where it is open to one side.
*/}}
{{- define "parley.companionPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "parley.metadata" (dict "root" .root "component" .component "name" (printf "%s-%s" (include "parley.fullname" .root) .component)) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "parley.selectorLabels" . | nindent 6 }}
  policyTypes:
    {{- toYaml (.types | default (list "Ingress" "Egress")) | nindent 4 }}
  ingress:
    - from:
        {{- include "parley.podPeers" (dict "root" .root "components" (list "gateway")) | trim | nindent 8 }}
      ports:
        {{- include "parley.tcpPorts" .ports | trim | nindent 8 }}
{{- end }}
