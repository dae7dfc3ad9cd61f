{{/* The gateway's variables and secret files: one list, in which no name stands twice. */}}

{{/*
The chart's own Secret as a map of setting to text: secret.values, over the simulator's keys where that is installed. YAML.
*/}}
{{- define "parley.ownSecret" -}}
{{- $secrets := dict -}}
{{- if .Values.simulator.enabled -}}
{{- $keys := include "parley.file" (dict "root" . "path" "files/simulator-keys.yaml") | fromYaml -}}
{{- $_ := set $secrets "OPENAI_API_KEY" $keys.openaiApiKey -}}
{{- $_ := set $secrets "TELNYX_API_KEY" $keys.telnyxApiKey -}}
{{- $_ := set $secrets "TELNYX_PUBLIC_KEY" $keys.telnyxPublicKey -}}
{{- $_ := set $secrets "STREAM_TOKEN_SECRET" $keys.streamTokenSecret -}}
{{- end -}}
{{- range $name, $text := .Values.secret.values -}}
{{- if $text }}{{ $_ := set $secrets $name $text }}{{ end -}}
{{- end -}}
{{- toYaml $secrets -}}
{{- end }}

{{- define "parley.secretName" -}}
{{- .Values.secret.existingSecret | default (include "parley.fullname" .) -}}
{{- end }}

{{/*
Where each secret setting is: setting to {secret, key}. YAML.
*/}}
{{- define "parley.secretFiles" -}}
{{- $files := dict -}}
{{- $secret := include "parley.secretName" . -}}
{{- if .Values.secret.existingSecret -}}
{{- range $name, $key := .Values.secret.keys -}}
{{- if $key }}{{ $_ := set $files $name (dict "secret" $secret "key" $key) }}{{ end -}}
{{- end -}}
{{- else if .Values.externalSecret.enabled -}}
{{- range $name := keys .Values.externalSecret.data -}}
{{- $_ := set $files $name (dict "secret" $secret "key" $name) -}}
{{- end -}}
{{- else -}}
{{- range $name := keys (include "parley.ownSecret" . | fromYaml) -}}
{{- $_ := set $files $name (dict "secret" $secret "key" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $key := .Values.redis.keys -}}
{{- if $key }}{{ $_ := set $files $name (dict "secret" $.Values.redis.existingSecret "key" $key) }}{{ end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end }}

{{/* The sources of the projected volume of secrets, one for each Secret. YAML list, empty where there is none. */}}
{{- define "parley.secretSources" -}}
{{- $bySecret := dict -}}
{{- range $name, $at := include "parley.secretFiles" . | fromYaml -}}
{{- $items := get $bySecret $at.secret | default list -}}
{{- $_ := set $bySecret $at.secret (append $items (dict "key" $at.key "path" $name)) -}}
{{- end -}}
{{- range $secret, $items := $bySecret }}
- secret:
    name: {{ $secret }}
    items:
      {{- toYaml $items | nindent 6 }}
{{- end }}
{{- end }}

{{/* Text files of the ConfigMap: setting to {file, text}. YAML. */}}
{{- define "parley.textFiles" -}}
{{- $files := dict -}}
{{- with .Values.files.instructions -}}
{{- $_ := set $files "INSTRUCTIONS" (dict "file" "instructions.txt" "text" .) -}}
{{- end -}}
{{- with .Values.files.tools -}}
{{- $_ := set $files "TOOLS" (dict "file" "tools.json" "text" (toPrettyJson .)) -}}
{{- end -}}
{{- with .Values.files.prices -}}
{{- $_ := set $files "PRICES" (dict "file" "prices.json" "text" (toPrettyJson .)) -}}
{{- end -}}
{{- toYaml $files -}}
{{- end }}

{{/*
Adds a variable, in place of one of the same name or of the other form of it (NAME and NAME_FILE exclude each other).
In: list (a map with the list in `env`), item.
*/}}
{{- define "parley.putEnv" -}}
{{- $name := .item.name -}}
{{- $other := ternary (trimSuffix "_FILE" $name) (printf "%s_FILE" $name) (hasSuffix "_FILE" $name) -}}
{{- $kept := list -}}
{{- range .list.env -}}
{{- if not (has .name (list $name $other)) }}{{ $kept = append $kept . }}{{ end -}}
{{- end -}}
{{- $_ := set .list "env" (append $kept .item) -}}
{{- end }}

{{/* The same for a name and a text, in which Kubernetes must not see references. In: list, name, value. */}}
{{- define "parley.putText" -}}
{{- $text := include "parley.settingText" . | replace "$(" "$$(" -}}
{{- include "parley.putEnv" (dict "list" .list "item" (dict "name" .name "value" $text)) -}}
{{- end }}

{{/* What Kubernetes knows about the pod; first, so that what follows can refer to it. YAML list. */}}
{{- define "parley.podEnv" -}}
{{- range $name, $path := dict "POD_NAME" "metadata.name" "POD_UID" "metadata.uid" "POD_IP" "status.podIP" "K8S_NAMESPACE_NAME" "metadata.namespace" "K8S_NODE_NAME" "spec.nodeName" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: {{ $path }}
{{- end }}
{{- end }}

{{/*
The whole list of variables, as YAML: {env: [...]}. What comes later wins: the pod, the chart, config, files, secrets, extraEnv.
*/}}
{{- define "parley.env" -}}
{{- $values := .Values -}}
{{- $fullname := include "parley.fullname" . -}}
{{- $list := dict "env" (include "parley.podEnv" . | fromYamlArray) -}}
{{- include "parley.putText" (dict "list" $list "name" "PORT" "value" $values.ports.public) -}}
{{- include "parley.putText" (dict "list" $list "name" "MANAGEMENT_PORT" "value" $values.ports.management) -}}
{{- include "parley.putText" (dict "list" $list "name" "DRAIN_DEADLINE" "value" $values.drain.deadlineSeconds) -}}
{{- if include "parley.hasRedis" . -}}
{{- include "parley.putText" (dict "list" $list "name" "DRAIN_HANDOVER_AFTER" "value" $values.drain.handoverAfterSeconds) -}}
{{- end -}}
{{- if $values.valkey.enabled -}}
{{- include "parley.putText" (dict "list" $list "name" "REDIS_URL" "value" (printf "redis://%s-valkey:6379" $fullname)) -}}
{{- else if $values.redis.url -}}
{{- include "parley.putText" (dict "list" $list "name" "REDIS_URL" "value" $values.redis.url) -}}
{{- end -}}
{{- if $values.simulator.enabled -}}
{{- include "parley.putText" (dict "list" $list "name" "OPENAI_REALTIME_URL" "value" (printf "ws://%s-simulator:7001/v1/realtime" $fullname)) -}}
{{- include "parley.putText" (dict "list" $list "name" "TELNYX_BASE_URL" "value" (printf "http://%s-simulated-call:7000/v2" $fullname)) -}}
{{- end -}}
{{- if $values.telemetry.otlpEndpoint -}}
{{- include "parley.putText" (dict "list" $list "name" "OTEL_EXPORTER_OTLP_ENDPOINT" "value" $values.telemetry.otlpEndpoint) -}}
{{- else if $values.jaeger.enabled -}}
{{- include "parley.putText" (dict "list" $list "name" "OTEL_EXPORTER_OTLP_ENDPOINT" "value" (printf "http://%s-jaeger:4318" $fullname)) -}}
{{- /* Jaeger takes traces only. */ -}}
{{- include "parley.putText" (dict "list" $list "name" "OTEL_METRICS_EXPORTER" "value" "none") -}}
{{- end -}}
{{- range $name, $value := $values.config -}}
{{- if not (kindIs "invalid" $value) }}{{ include "parley.putText" (dict "list" $list "name" $name "value" $value) }}{{ end -}}
{{- end -}}
{{- $own := "k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.node.name=$(K8S_NODE_NAME)" -}}
{{- $resource := $own -}}
{{- with $values.config.OTEL_RESOURCE_ATTRIBUTES }}{{ $resource = printf "%s,%s" $own (replace "$(" "$$(" .) }}{{ end -}}
{{- include "parley.putEnv" (dict "list" $list "item" (dict "name" "OTEL_RESOURCE_ATTRIBUTES" "value" $resource)) -}}
{{- range $name, $at := include "parley.textFiles" . | fromYaml -}}
{{- include "parley.putText" (dict "list" $list "name" (printf "%s_FILE" $name) "value" (printf "/etc/parley/%s" $at.file)) -}}
{{- end -}}
{{- range $name := keys (include "parley.secretFiles" . | fromYaml) | sortAlpha -}}
{{- include "parley.putText" (dict "list" $list "name" (printf "%s_FILE" $name) "value" (printf "/run/secrets/parley/%s" $name)) -}}
{{- end -}}
{{- range $values.extraEnv -}}
{{- include "parley.putEnv" (dict "list" $list "item" .) -}}
{{- end -}}
{{- toYaml $list -}}
{{- end }}

{{/* Which settings have a value, from wherever: their names with spaces around them. */}}
{{- define "parley.given" -}}
{{- $names := list -}}
{{- range (include "parley.env" . | fromYaml).env -}}
{{- $names = append $names (trimSuffix "_FILE" .name) -}}
{{- end -}}
{{- printf " %s " (join " " $names) -}}
{{- end }}

{{/* "true" where there can be several pods. */}}
{{- define "parley.hasRedis" -}}
{{- $given := dict -}}
{{- range $name := concat (keys .Values.config) (keys (include "parley.secretFiles" . | fromYaml)) -}}
{{- $_ := set $given $name true -}}
{{- end -}}
{{- range .Values.extraEnv }}{{ $_ := set $given (trimSuffix "_FILE" .name) true }}{{ end -}}
{{- if or .Values.valkey.enabled .Values.redis.url $given.REDIS_URL $given.REDIS_SENTINELS }}true{{ end -}}
{{- end }}
