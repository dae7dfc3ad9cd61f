{{/* What comes with the gateway for trying out: Valkey, Jaeger, the simulator. */}}

{{/*
A Deployment with one pod and one container, and its Service. In: root, component, image (its line, and the pull policy),
container (the rest of the container, as YAML), ports (name to number), pullSecrets.
*/}}
{{- define "parley.companion" -}}
{{- $self := dict "root" .root "component" .component -}}
{{- $name := printf "%s-%s" (include "parley.fullname" .root) .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "parley.metadata" (dict "root" .root "component" .component "name" $name) | nindent 2 }}
spec:
  replicas: 1
  strategy:
    # Two at once would have different contents.
    type: Recreate
  selector:
    matchLabels:
      {{- include "parley.selectorLabels" $self | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "parley.podLabels" $self | nindent 8 }}
    spec:
      {{- include "parley.podBasics" (dict "root" .root "pullSecrets" .pullSecrets) | nindent 6 }}
      {{- with include "parley.placement" .root | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      containers:
        - name: {{ .component }}
          {{- .image | nindent 10 }}
          {{- include "parley.containerSecurity" .root | trim | nindent 10 }}
          {{- .container | nindent 10 }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "parley.metadata" (dict "root" .root "component" .component "name" $name) | nindent 2 }}
spec:
  type: ClusterIP
  selector:
    {{- include "parley.selectorLabels" $self | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - name: {{ $port }}
      port: {{ $number }}
      targetPort: {{ $port }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* In: root, image. */}}
{{- define "parley.companionImage" -}}
image: {{ include "parley.image" (dict "root" .root "image" .image "defaultTag" "") }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- end }}

{{- define "parley.valkeyContainer" -}}
command:
  - valkey-server
args:
  # Nothing in it must survive it, and nothing may be thrown out of it.
  - --save
  - ""
  - --appendonly
  - "no"
  - --maxmemory
  - {{ .maxMemory }}
  - --maxmemory-policy
  - noeviction
  # No password: the network policy lets nobody in but the gateway.
  - --protected-mode
  - "no"
ports:
  - name: redis
    containerPort: 6379
    protocol: TCP
startupProbe:
  tcpSocket:
    port: redis
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  tcpSocket:
    port: redis
  periodSeconds: 10
readinessProbe:
  tcpSocket:
    port: redis
  periodSeconds: 3
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "parley.jaegerContainer" -}}
env:
  # It listens on localhost otherwise.
  - name: JAEGER_LISTEN_HOST
    value: 0.0.0.0
ports:
  - name: otlp-grpc
    containerPort: 4317
    protocol: TCP
  - name: otlp-http
    containerPort: 4318
    protocol: TCP
  - name: query
    containerPort: 16686
    protocol: TCP
startupProbe:
  tcpSocket:
    port: otlp-http
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  tcpSocket:
    port: otlp-http
  periodSeconds: 10
readinessProbe:
  httpGet:
    path: /
    port: query
  periodSeconds: 3
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
