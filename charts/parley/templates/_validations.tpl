{{/*
What cannot work fails here, before anything is installed. Each sentence says what is wrong and which value to change.
Each part below gives its sentences one a line; a value never stands in them unless it is no secret.
*/}}
{{- define "parley.validate" -}}
{{- $parts := list "Secrets" "Settings" "Pods" "Redis" "Ingress" "HttpRoute" "Network" "Scaling" "Monitoring" "Simulator" -}}
{{- $sentences := list -}}
{{- range $parts -}}
{{- range splitList "\n" (include (printf "parley.validate%s" .) $) -}}
{{- with trim . }}{{ $sentences = append $sentences (printf "- %s" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if $sentences -}}
{{- fail (printf "\n\nParley cannot be installed with these values:\n%s\n" (join "\n" $sentences)) -}}
{{- end -}}
{{- end }}

{{/* Settings that are secrets: the same list as in src/config/settings (`fromFile: 'secret'`). */}}
{{- define "parley.secretSettings" -}}
OPENAI_API_KEY TELNYX_API_KEY TELNYX_PUBLIC_KEY REPORT_SECRET STREAM_TOKEN_SECRET REDIS_URL REDIS_PASSWORD REDIS_TLS_CA REDIS_SENTINEL_PASSWORD NUMBER_HASH_SECRET
{{- end }}

{{/* Settings that the chart makes of other values: setting to value; without one, Kubernetes knows it. YAML. */}}
{{- define "parley.ownedSettings" -}}
PORT: ports.public
MANAGEMENT_PORT: ports.management
DRAIN_HANDOVER_AFTER: drain.handoverAfterSeconds
DRAIN_DEADLINE: drain.deadlineSeconds
POD_NAME: ""
POD_IP: ""
POD_UID: ""
{{- end }}

{{- define "parley.validateSecrets" -}}
{{- $given := include "parley.given" . -}}
{{- $sources := list -}}
{{- if .Values.secret.existingSecret }}{{ $sources = append $sources "secret.existingSecret" }}{{ end -}}
{{- if .Values.secret.values }}{{ $sources = append $sources "secret.values" }}{{ end -}}
{{- if .Values.externalSecret.enabled }}{{ $sources = append $sources "externalSecret.enabled" }}{{ end -}}
{{- if gt (len $sources) 1 }}
{{ join " and " $sources }} are set: secrets come from one place, so leave one of them.
{{- end }}
{{- if and (eq (len $sources) 0) (not .Values.simulator.enabled) (not .Values.extraEnvFrom) (not (contains " OPENAI_API_KEY " $given)) }}
There is no secret: set secret.existingSecret to the name of a Secret with OPENAI_API_KEY, TELNYX_API_KEY, TELNYX_PUBLIC_KEY and STREAM_TOKEN_SECRET (or secret.values for trying out, or externalSecret.enabled).
{{- else if not .Values.extraEnvFrom }}
{{- $from := ternary "secret.keys" (ternary "externalSecret.data" "secret.values" .Values.externalSecret.enabled) (ne .Values.secret.existingSecret "") }}
{{- range list "OPENAI_API_KEY" "TELNYX_API_KEY" }}
{{- if not (contains (printf " %s " .) $given) }}
{{ . }} is missing: add it to {{ $from }}.
{{- end }}
{{- end }}
{{- $signature := include "parley.settingText" (dict "name" "WEBHOOK_SIGNATURE" "value" (get .Values.config "WEBHOOK_SIGNATURE")) }}
{{- if and (not (contains " TELNYX_PUBLIC_KEY " $given)) (ne $signature "off") }}
TELNYX_PUBLIC_KEY is missing: add it to {{ $from }} (Telnyx' portal, Keys & Credentials, Public Key).
{{- end }}
{{- if and (contains " REPORT_URL " $given) (not (contains " REPORT_SECRET " $given)) }}
config.REPORT_URL is set and REPORT_SECRET is missing, by which the receiver knows reports: add it to {{ $from }}.
{{- end }}
{{- if and (include "parley.hasRedis" .) (not (contains " STREAM_TOKEN_SECRET " $given)) }}
STREAM_TOKEN_SECRET is missing, and pods that share a Redis know each other by it: add it to {{ $from }} (openssl rand -base64 32).
{{- end }}
{{- end }}
{{- if .Values.externalSecret.enabled }}
{{- if not .Values.externalSecret.storeRef.name }}
externalSecret.storeRef.name is empty: set it to the name of your (Cluster)SecretStore.
{{- end }}
{{- if not .Values.externalSecret.data }}
externalSecret.data is empty: say for each setting where it is in the store.
{{- end }}
{{- end }}
{{- end }}

{{- define "parley.validateSettings" -}}
{{- $secrets := splitList " " (include "parley.secretSettings" . | trim) -}}
{{- $owned := include "parley.ownedSettings" . | fromYaml -}}
{{- range $name, $value := .Values.config }}
{{- if has $name $secrets }}
config.{{ $name }} would stand in the pod for all to read: put it into the Secret (secret.existingSecret, or secret.values for trying out{{ if eq $name "REDIS_URL" }}; without a password it may be redis.url{{ end }}).
{{- else if hasKey $owned $name }}
config.{{ $name }} is made by the chart: leave it out{{ with get $owned $name }}, and set {{ . }}{{ end }}.
{{- end }}
{{- end }}
{{- $seen := dict }}
{{- range .Values.extraEnv }}
{{- $bare := trimSuffix "_FILE" .name }}
{{- if hasKey $seen $bare }}
extraEnv has {{ $bare }} twice (a name and the name with _FILE are one): leave one of them.
{{- end }}
{{- $_ := set $seen $bare true }}
{{- if get $owned $bare }}
extraEnv sets {{ .name }}, which the chart makes: leave it out, and set {{ get $owned $bare }}.
{{- end }}
{{- end }}
{{- range $name, $_ := include "parley.textFiles" . | fromYaml }}
{{- if hasKey $.Values.config $name }}
config.{{ $name }} and files.{{ lower $name }} are both set: leave one of them.
{{- end }}
{{- end }}
{{- if eq (int .Values.ports.public) (int .Values.ports.management) }}
ports.public and ports.management are the same: give ports.management another number.
{{- end }}
{{- end }}

{{- define "parley.validatePods" -}}
{{- $needed := include "parley.neededGracePeriod" . | int }}
{{- if lt (include "parley.gracePeriod" . | int) $needed }}
terminationGracePeriodSeconds ({{ include "parley.gracePeriod" . }}) is shorter than a drain ({{ $needed }}: drain.deadlineSeconds, drain.preStopSleepSeconds and a minute), so calls would be cut off: raise it, leave it at null, or lower drain.deadlineSeconds.
{{- end }}
{{- if and (include "parley.hasRedis" .) (ge (int .Values.drain.handoverAfterSeconds) (int .Values.drain.deadlineSeconds)) }}
drain.handoverAfterSeconds is not below drain.deadlineSeconds, so calls would be ended before they are handed over: lower it.
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if .enabled }}
{{- $min := not (kindIs "invalid" .minAvailable) }}
{{- $max := not (kindIs "invalid" .maxUnavailable) }}
{{- if eq $min $max }}
podDisruptionBudget wants one of maxUnavailable and minAvailable: set the other one to null.
{{- end }}
{{- $fewest := ternary (int $.Values.autoscaling.minReplicas) (ternary (int $.Values.keda.minReplicas) (int $.Values.replicaCount) $.Values.keda.enabled) $.Values.autoscaling.enabled }}
{{- if and $min (not (kindIs "string" .minAvailable)) (ge (int .minAvailable) $fewest) }}
podDisruptionBudget.minAvailable is not below the number of pods ({{ $fewest }}), so no node could be drained: lower it, or use maxUnavailable.
{{- end }}
{{- if and $max (has (toString .maxUnavailable) (list "0" "0%")) }}
podDisruptionBudget.maxUnavailable is 0, so no node could be drained: set it to 1.
{{- end }}
{{- end }}
{{- end }}
{{- if and (has (toString .Values.updateStrategy.maxSurge) (list "0" "0%")) (has (toString .Values.updateStrategy.maxUnavailable) (list "0" "0%")) }}
updateStrategy.maxSurge and updateStrategy.maxUnavailable are both 0, so nothing could ever be rolled out: raise updateStrategy.maxSurge.
{{- end }}
{{- if and .Values.priorityClass.create (not .Values.priorityClassName) }}
priorityClass.create is on, and priorityClassName does not say what it is called: set it.
{{- end }}
{{- end }}

{{- define "parley.validateRedis" -}}
{{- $files := include "parley.secretFiles" . | fromYaml -}}
{{- $ways := list }}
{{- if .Values.valkey.enabled }}{{ $ways = append $ways "valkey.enabled" }}{{ end }}
{{- if .Values.redis.url }}{{ $ways = append $ways "redis.url" }}{{ end }}
{{- if hasKey $files "REDIS_URL" }}{{ $ways = append $ways "REDIS_URL in a Secret" }}{{ end }}
{{- if .Values.config.REDIS_SENTINELS }}{{ $ways = append $ways "config.REDIS_SENTINELS" }}{{ end }}
{{- if gt (len $ways) 1 }}
Redis is named more than once ({{ join ", " $ways }}): leave one of them.
{{- end }}
{{- if regexMatch "^rediss?://[^/]*:[^/]*@" .Values.redis.url }}
redis.url has a password in it, for all to read: put it into a Secret (redis.existingSecret with redis.keys.REDIS_URL or REDIS_PASSWORD).
{{- end }}
{{- if and .Values.redis.keys (not .Values.redis.existingSecret) }}
redis.keys is set and redis.existingSecret is not: name the Secret, or add the keys to secret.keys.
{{- end }}
{{- if and .Values.redis.existingSecret (not .Values.redis.keys) }}
redis.existingSecret is set and redis.keys is empty: say which key holds which setting, such as REDIS_URL: url.
{{- end }}
{{- if not (include "parley.hasRedis" .) }}
{{- $way := "set redis.url (or a REDIS_URL in the Secret; valkey.enabled for trying out)" }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.maxReplicas) 1) }}
autoscaling.enabled makes several pods, and they find each other's calls in Redis only: {{ $way }}.
{{- else if and .Values.keda.enabled (gt (int .Values.keda.maxReplicas) 1) }}
keda.enabled makes several pods, and they find each other's calls in Redis only: {{ $way }}.
{{- else if and (not (include "parley.autoscaled" .)) (gt (int .Values.replicaCount) 1) }}
replicaCount is {{ .Values.replicaCount }}, and several pods find each other's calls in Redis only: {{ $way }}, or set replicaCount to 1.
{{- end }}
{{- end }}
{{- end }}

{{/* What holds for a load balancer of a cloud, whether by Ingress or Gateway. In: root, preset, value. */}}
{{- define "parley.validateEdge" -}}
{{- $longest := .root.Values.config.MAX_CALL_DURATION_S | default 3600 | int }}
{{- if le (int .root.Values.proxyTimeoutSeconds) $longest }}
proxyTimeoutSeconds ({{ int .root.Values.proxyTimeoutSeconds }}) is not above config.MAX_CALL_DURATION_S ({{ $longest }}), so the proxy would cut the longest calls: raise it.
{{- end }}
{{- if and (has .preset (list "alb" "gke")) (gt (int .root.Values.drain.deadlineSeconds) 3600) }}
drain.deadlineSeconds is above 3600, and {{ .value }}={{ .preset }} cuts the sockets of a pod that leaves after 3600 s: lower it to 3600.
{{- end }}
{{- end }}

{{- define "parley.validateIngress" -}}
{{- with .Values.ingress }}
{{- if not (has .preset (splitList " " (include "parley.presets" $ | trim))) }}
ingress.preset "{{ .preset }}" is unknown: use one of {{ include "parley.presets" $ | trim | replace " " ", " }}.
{{- end }}
{{- if .enabled }}
{{- if eq .preset "envoy-gateway" }}
ingress.preset=envoy-gateway has no Ingress: set ingress.enabled to false, httpRoute.enabled to true and httpRoute.preset to envoy-gateway.
{{- end }}
{{- if not .hosts }}
ingress.hosts is empty: set it to the host name that Telnyx calls, like voice.example.com.
{{- end }}
{{- $byAnnotation := or (and (eq .preset "alb") (hasKey .annotations "alb.ingress.kubernetes.io/certificate-arn")) (and (eq .preset "gke") (or (hasKey .annotations "networking.gke.io/managed-certificates") (hasKey .annotations "ingress.gcp.kubernetes.io/pre-shared-cert"))) }}
{{- if and (not .allowInsecure) (not .tls) (not $byAnnotation) }}
ingress.tls is empty, and Telnyx opens media streams over TLS only: set ingress.tls[0].secretName{{ if has .preset (list "alb" "gke") }}, or the certificate by annotation (README){{ end }}, or switch TLS off by name with ingress.allowInsecure=true.
{{- end }}
{{- if and .allowInsecure .tls }}
ingress.allowInsecure is true and ingress.tls is set: leave one of them.
{{- end }}
{{- $covered := list }}
{{- range .tls }}{{ $covered = concat $covered (.hosts | default $.Values.ingress.hosts) }}
{{- if and (not .secretName) (not (has $.Values.ingress.preset (list "alb" "traefik" "haproxy" "haproxy-ingress"))) }}
ingress.tls has an entry without secretName, and ingress.preset={{ $.Values.ingress.preset }} has no certificate of its own: set secretName.
{{- end }}
{{- end }}
{{- range .hosts }}
{{- $wildcard := printf "*.%s" (join "." (rest (splitList "." .))) }}
{{- if and $.Values.ingress.tls (not (has . $covered)) (not (has $wildcard $covered)) }}
ingress.hosts has {{ . }}, and no entry of ingress.tls is for it: add it to ingress.tls[].hosts.
{{- end }}
{{- end }}
{{- include "parley.validateEdge" (dict "root" $ "preset" .preset "value" "ingress.preset") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "parley.validateHttpRoute" -}}
{{- with .Values.httpRoute }}
{{- if not (has .preset (splitList " " (include "parley.routePresets" $ | trim))) }}
httpRoute.preset "{{ .preset }}" is unknown: use one of {{ include "parley.routePresets" $ | trim | replace " " ", " }}.
{{- end }}
{{- if .enabled }}
{{- if not .parentRefs }}
httpRoute.parentRefs is empty: name the Gateway of the route, like [{name: public, namespace: gateways, sectionName: https}].
{{- end }}
{{- if and (eq .preset "gke") .timeouts }}
httpRoute.timeouts is set, and GKE refuses routes that have timeouts: leave it empty (httpRoute.preset=gke sets a policy instead).
{{- end }}
{{- if and .clientTrafficPolicy (ne .preset "envoy-gateway") }}
httpRoute.clientTrafficPolicy is Envoy Gateway's: set httpRoute.preset to envoy-gateway, or leave it out.
{{- end }}
{{- include "parley.validateEdge" (dict "root" $ "preset" .preset "value" "httpRoute.preset") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "parley.validateNetwork" -}}
{{- with .Values.networkPolicy }}
{{- if .enabled }}
{{- if and (include "parley.hasRedis" $) (not $.Values.valkey.enabled) (not .redis.to) (not .extraEgress) }}
networkPolicy.redis.to is empty, so Redis could not be reached: say where it is, like [{ipBlock: {cidr: 10.1.2.3/32}}] or [{namespaceSelector: …}] (or networkPolicy.extraEgress; networkPolicy.enabled=false opens everything).
{{- end }}
{{- $endpoint := $.Values.telemetry.otlpEndpoint }}
{{- if and $endpoint (not .otlp.to) (not .extraEgress) (not (regexMatch "^https://[^/:]+\\.[^/:]+(:443)?(/|$)" $endpoint)) }}
networkPolicy.otlp.to is empty, so telemetry.otlpEndpoint could not be reached: say where the collector is, like [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: observability}}}] (or networkPolicy.extraEgress).
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "parley.validateScaling" -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled }}
autoscaling.enabled and keda.enabled are both on, and would fight over the number of pods: leave one of them.
{{- end }}
{{- range list "autoscaling" "keda" }}
{{- $scaler := get $.Values . }}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
{{ . }}.minReplicas is above {{ . }}.maxReplicas: lower it.
{{- end }}
{{- end }}
{{- if and .Values.keda.enabled (not .Values.keda.serverAddress) }}
keda.serverAddress is empty: set it to the address of Prometheus, like http://prometheus-operated.monitoring:9090.
{{- end }}
{{- end }}

{{- define "parley.validateMonitoring" -}}
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled }}
metrics.podMonitor.enabled and metrics.serviceMonitor.enabled are both on, so every figure would be there twice: leave one of them.
{{- end }}
{{- end }}

{{- define "parley.validateSimulator" -}}
{{- if .Values.simulator.enabled }}
{{- if or .Values.secret.existingSecret .Values.externalSecret.enabled }}
simulator.enabled brings keys of its own, and real keys do not belong to it: leave secret.existingSecret and externalSecret.enabled out, or simulator.enabled.
{{- end }}
{{- $keys := include "parley.file" (dict "root" . "path" "files/simulator-keys.yaml") | fromYaml }}
{{- $expected := dict "OPENAI_API_KEY" $keys.openaiApiKey "TELNYX_API_KEY" $keys.telnyxApiKey "TELNYX_PUBLIC_KEY" $keys.telnyxPublicKey }}
{{- range $name, $key := $expected }}
{{- with get $.Values.secret.values $name }}
{{- if ne . $key }}
secret.values.{{ $name }} is not the simulator's: leave it out, or simulator.enabled.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
