{{/* What each controller needs for WebSockets that last as long as a call. */}}

{{- define "parley.presets" -}}
none traefik haproxy haproxy-ingress nginx ingress-nginx alb gke istio envoy-gateway
{{- end }}

{{- define "parley.routePresets" -}}
none envoy-gateway gke istio
{{- end }}

{{/* The preset that counts for the Service and the pods. */}}
{{- define "parley.edgePreset" -}}
{{- if .Values.ingress.enabled -}}
{{- .Values.ingress.preset -}}
{{- else if .Values.httpRoute.enabled -}}
{{- .Values.httpRoute.preset -}}
{{- else -}}
none
{{- end -}}
{{- end }}

{{/* The paths that may be reached from outside: path and kind of match. YAML list. */}}
{{- define "parley.publicPaths" -}}
- {path: /, exact: true}
- {path: /webhooks, exact: false}
- {path: /media-stream, exact: false}
{{- end }}

{{- define "parley.ingressClass" -}}
{{- $classes := dict "traefik" "traefik" "haproxy" "haproxy" "haproxy-ingress" "haproxy" "nginx" "nginx" "ingress-nginx" "nginx" "alb" "alb" "istio" "istio" -}}
{{- .Values.ingress.className | default (get $classes .Values.ingress.preset) -}}
{{- end }}

{{/* Annotations of the Ingress by preset. YAML. */}}
{{- define "parley.presetAnnotations" -}}
{{- $seconds := .Values.proxyTimeoutSeconds | int -}}
{{- $tls := not .Values.ingress.allowInsecure -}}
{{- $preset := .Values.ingress.preset -}}
{{- if eq $preset "traefik" }}
{{- if $tls }}
traefik.ingress.kubernetes.io/router.entrypoints: websecure
traefik.ingress.kubernetes.io/router.tls: "true"
{{- end }}
{{- else if eq $preset "haproxy" }}
haproxy.org/load-balance: leastconn
haproxy.org/ssl-redirect: {{ $tls | quote }}
{{- else if eq $preset "haproxy-ingress" }}
haproxy-ingress.github.io/balance-algorithm: leastconn
haproxy-ingress.github.io/timeout-tunnel: {{ printf "%ds" $seconds }}
haproxy-ingress.github.io/ssl-redirect: {{ $tls | quote }}
{{- else if eq $preset "nginx" }}
nginx.org/websocket-services: {{ include "parley.fullname" . }}
nginx.org/lb-method: least_conn
nginx.org/proxy-read-timeout: {{ printf "%ds" $seconds }}
nginx.org/proxy-send-timeout: {{ printf "%ds" $seconds }}
{{- else if eq $preset "ingress-nginx" }}
nginx.ingress.kubernetes.io/proxy-read-timeout: {{ $seconds | toString | quote }}
nginx.ingress.kubernetes.io/proxy-send-timeout: {{ $seconds | toString | quote }}
nginx.ingress.kubernetes.io/ssl-redirect: {{ $tls | quote }}
{{- else if eq $preset "alb" }}
alb.ingress.kubernetes.io/scheme: internet-facing
alb.ingress.kubernetes.io/target-type: ip
alb.ingress.kubernetes.io/listen-ports: {{ ternary "[{\"HTTPS\":443}]" "[{\"HTTP\":80}]" $tls | quote }}
# Full and draining pods answer / too: only the end of a pod may take it from the load balancer.
alb.ingress.kubernetes.io/healthcheck-path: /
alb.ingress.kubernetes.io/success-codes: "200"
# 4000 s is the most that an ALB takes; audio never leaves a socket idle, so longer calls go on.
alb.ingress.kubernetes.io/load-balancer-attributes: {{ printf "idle_timeout.timeout_seconds=%d" (min $seconds 4000) }}
alb.ingress.kubernetes.io/target-group-attributes: {{ printf "deregistration_delay.timeout_seconds=%d,load_balancing.algorithm.type=least_outstanding_requests" (include "parley.lbDrain" . | int) }}
{{- else if eq $preset "gke" }}
{{- if not .Values.ingress.className }}
# GKE knows its own Ingress by this annotation, and there is no class of that name.
kubernetes.io/ingress.class: gce
{{- end }}
kubernetes.io/ingress.allow-http: {{ not $tls | quote }}
{{- end }}
{{- end }}

{{/* Seconds that a load balancer leaves sockets to a pod that is gone from it: as long as the pod may drain. */}}
{{- define "parley.lbDrain" -}}
{{- min 3600 (add .Values.drain.deadlineSeconds .Values.drain.preStopSleepSeconds) -}}
{{- end }}

{{/* Annotations of the public Service. YAML. */}}
{{- define "parley.serviceAnnotations" -}}
{{- if and .Values.ingress.enabled (eq .Values.ingress.preset "gke") }}
cloud.google.com/neg: '{"ingress":true}'
cloud.google.com/backend-config: {{ dict "default" (include "parley.fullname" .) | toJson | squote }}
{{- end }}
{{- end }}

{{- define "parley.appProtocol" -}}
{{- $protocols := dict "envoy-gateway" "kubernetes.io/ws" "istio" "http" -}}
{{- .Values.service.appProtocol | default (get $protocols (include "parley.edgePreset" .)) -}}
{{- end }}

{{/* What stands in front, for sentences and notes: https://host, or nothing where it is not known. */}}
{{- define "parley.publicOrigin" -}}
{{- if .Values.config.PUBLIC_URL -}}
{{- .Values.config.PUBLIC_URL | trimSuffix "/" -}}
{{- else if and .Values.ingress.enabled .Values.ingress.hosts -}}
{{- printf "%s://%s" (ternary "http" "https" .Values.ingress.allowInsecure) (first .Values.ingress.hosts) -}}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
{{- printf "https://%s" (first .Values.httpRoute.hostnames) -}}
{{- end -}}
{{- end }}
