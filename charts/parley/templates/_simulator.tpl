{{/* The doubles of OpenAI and Telnyx, out of the gateway's own image. */}}

{{- define "parley.simulatorContainer" -}}
args:
  - dist/simulator/cli/main.js
  - realtime
  - --host
  - 0.0.0.0
  - --port
  - "7001"
  {{- range .replies }}
  - --reply
  - {{ . | quote }}
  {{- end }}
{{- with .extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: realtime
    containerPort: 7001
    protocol: TCP
startupProbe:
  tcpSocket:
    port: realtime
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  tcpSocket:
    port: realtime
  periodSeconds: 3
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The pod that is Telnyx and the caller at once, for one call. */}}
{{- define "parley.simulatedCallPod" -}}
{{- $origin := include "parley.fullname" . -}}
{{- $port := ternary "" (printf ":%d" (int .Values.service.port)) (eq (int .Values.service.port) 80) -}}
restartPolicy: Never
{{ include "parley.podBasics" (dict "root" . "pullSecrets" .Values.imagePullSecrets) }}
{{- with include "parley.placement" . | trim }}
{{ . }}
{{- end }}
containers:
  - name: call
    {{- include "parley.gatewayImage" . | nindent 4 }}
    {{- include "parley.containerSecurity" . | trim | nindent 4 }}
    args:
      - dist/simulator/cli/main.js
      - call
      - --webhook-url
      - {{ .Values.simulator.webhookUrl | default (printf "http://%s%s/webhooks/" $origin $port) | quote }}
      - --stream-to
      - {{ .Values.simulator.streamTo | default (printf "ws://%s%s" $origin $port) | quote }}
      - --host
      - 0.0.0.0
      - --port
      - "7000"
      - --key-file
      - /run/secrets/simulator/telnyx.pem
      - --wait-s
      - "60"
      {{- range .Values.simulator.callerSays }}
      - --wav
      - {{ . | quote }}
      {{- end }}
      {{- with .Values.simulator.extraArgs }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .Values.simulator.extraEnv }}
    env:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      - name: telnyx
        containerPort: 7000
        protocol: TCP
    {{- with .Values.simulator.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - name: key
        mountPath: /run/secrets/simulator
        readOnly: true
volumes:
  - name: key
    secret:
      secretName: {{ include "parley.fullname" . }}-simulator
      defaultMode: 288
{{- end }}
