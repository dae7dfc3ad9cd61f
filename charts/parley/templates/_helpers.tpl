{{/* Names, labels, images, and how values become text. */}}

{{- define "parley.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 37 characters: a CronJob's name has at most 52, of which -simulated-call takes 15. */}}
{{- define "parley.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 37 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 37 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 37 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "parley.selectorLabels" -}}
app.kubernetes.io/name: {{ include "parley.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* In: root, component. */}}
{{- define "parley.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "parley.selectorLabels" . }}
{{- with .root.Values.image.tag | default .root.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "parley.name" .root }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Labels of pods: nothing that changes with the chart's version alone, because a change here replaces every pod.
In: root, component.
*/}}
{{- define "parley.podLabels" -}}
{{ include "parley.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "parley.name" .root }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata of an object of the release. In: root, component; name, namespace, labels and annotations where they differ. */}}
{{- define "parley.metadata" -}}
name: {{ .name | default (include "parley.fullname" .root) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- include "parley.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* In: root, image, defaultTag. */}}
{{- define "parley.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry .image.repository) .image.repository (ne $registry "") -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .defaultTag) -}}
{{- end -}}
{{- end }}

{{- define "parley.gatewayImage" -}}
image: {{ include "parley.image" (dict "root" . "image" .Values.image "defaultTag" .Chart.AppVersion) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{- define "parley.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "parley.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{/*
A value as Parley's settings are written. YAML takes `on` and `off` for booleans, and Helm takes 1000000 for 1e+06; both come
back as they were meant. In: name, value.
*/}}
{{- define "parley.settingText" -}}
{{- if kindIs "bool" .value -}}
{{- if hasPrefix "OTEL_" .name }}{{ .value }}{{ else }}{{ ternary "on" "off" .value }}{{ end -}}
{{- else if kindIs "float64" .value -}}
{{- if eq (floor .value) .value }}{{ printf "%.0f" .value }}{{ else }}{{ .value }}{{ end -}}
{{- else -}}
{{- .value | toString -}}
{{- end -}}
{{- end }}

{{/* MAX_CALLS, as set or as Parley's own default. */}}
{{- define "parley.maxCalls" -}}
{{- .Values.config.MAX_CALLS | default 100 | int -}}
{{- end }}

{{/* Calls of a pod that a scaler aims at. In: root, own. */}}
{{- define "parley.callsPerPod" -}}
{{- if .own -}}
{{- .own | int -}}
{{- else -}}
{{- max 1 (div (mul (include "parley.maxCalls" .root | int) 65) 100) -}}
{{- end -}}
{{- end }}

{{/* Seconds that a pod needs from its deletion to its exit: the last minute is for goodbyes, reports and spans. */}}
{{- define "parley.neededGracePeriod" -}}
{{- add .Values.drain.deadlineSeconds .Values.drain.preStopSleepSeconds 60 -}}
{{- end }}

{{- define "parley.gracePeriod" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- include "parley.neededGracePeriod" . -}}
{{- else -}}
{{- .Values.terminationGracePeriodSeconds | int -}}
{{- end -}}
{{- end }}

{{- define "parley.autoscaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled }}true{{ end -}}
{{- end }}

{{/* A file of the chart that must be there. In: root, path. */}}
{{- define "parley.file" -}}
{{- if not (.root.Files.Get .path) }}{{ fail (printf "This package of the chart is incomplete: it has no file %s." .path) }}{{ end -}}
{{- .root.Files.Get .path -}}
{{- end }}

{{/* Annotations of what `helm test` makes. In: the weight, as text. */}}
{{- define "parley.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
# What is left of a test is its log, until the next one.
helm.sh/hook-delete-policy: before-hook-creation
{{- end }}
