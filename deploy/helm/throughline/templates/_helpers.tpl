{{- define "throughline.name" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 30 | trimSuffix "-" }}
{{- else if contains "throughline" .Release.Name }}{{ .Release.Name | trunc 30 | trimSuffix "-" }}
{{- else }}{{ printf "%s-throughline" .Release.Name | trunc 30 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "throughline.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Labels of every object; the context is a dict of root and component. */}}
{{- define "throughline.labels" -}}
{{ include "throughline.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: throughline
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "throughline.selector" -}}
app.kubernetes.io/name: throughline
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "throughline.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.user }}
runAsGroup: {{ .Values.user }}
fsGroup: {{ .Values.user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "throughline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "throughline.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Variables that every command has. */}}
{{- define "throughline.env.log" -}}
- {name: THROUGHLINE_LOG_LEVEL, value: {{ .Values.log.level | quote }}}
- {name: THROUGHLINE_LOG_FORMAT, value: {{ .Values.log.format | quote }}}
{{- end }}

{{- define "throughline.env.kafka" -}}
- {name: THROUGHLINE_KAFKA_BROKERS, value: {{ required "kafka.brokers is required" (join "," .Values.kafka.brokers) | quote }}}
{{- if .Values.kafka.tls.enabled }}
- {name: THROUGHLINE_KAFKA_TLS, value: "on"}
{{- if .Values.kafka.tls.existingSecret }}
- {name: THROUGHLINE_KAFKA_TLS_CA_FILE, value: /etc/throughline/kafka/ca.crt}
{{- end }}
{{- if .Values.kafka.tls.clientCertificate }}
- {name: THROUGHLINE_KAFKA_TLS_CERT_FILE, value: /etc/throughline/kafka/tls.crt}
- {name: THROUGHLINE_KAFKA_TLS_KEY_FILE, value: /etc/throughline/kafka/tls.key}
{{- end }}
{{- with .Values.kafka.tls.serverName }}
- {name: THROUGHLINE_KAFKA_TLS_SERVER_NAME, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- with .Values.kafka.sasl.mechanism }}
{{- $secret := required "kafka.sasl.existingSecret is required with kafka.sasl.mechanism" $.Values.kafka.sasl.existingSecret }}
- {name: THROUGHLINE_KAFKA_SASL_MECHANISM, value: {{ . | quote }}}
- name: THROUGHLINE_KAFKA_SASL_USER
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: user}}
- name: THROUGHLINE_KAFKA_SASL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: password}}
{{- end }}
{{- end }}

{{/* The context is a dict of root and secret. */}}
{{- define "throughline.env.clickhouse" -}}
- name: THROUGHLINE_CLICKHOUSE_DSN
  valueFrom: {secretKeyRef: {name: {{ required "clickhouse.existingSecret is required" .secret }}, key: dsn}}
{{- with .root.Values.clickhouse.cluster }}
- {name: THROUGHLINE_CLICKHOUSE_CLUSTER, value: {{ . | quote }}}
{{- end }}
{{- with .root.Values.clickhouse.quorum }}
- {name: THROUGHLINE_CLICKHOUSE_QUORUM, value: {{ . | quote }}}
{{- end }}
{{- end }}

{{- define "throughline.env.more" -}}
{{- range $name, $value := . }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "throughline.mounts.kafka" -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.existingSecret }}
- {name: kafka, mountPath: /etc/throughline/kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "throughline.volumes.kafka" -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.existingSecret }}
- name: kafka
  secret: {secretName: {{ .Values.kafka.tls.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "throughline.volumes.sites" -}}
- name: sites
  secret:
    secretName: {{ required "sites.existingSecret is required: without a sites file anybody could post with the key \"local\"" .Values.sites.existingSecret }}
    defaultMode: 0440
{{- end }}

{{/* The context is a dict of root, component and spread. */}}
{{- define "throughline.spread" -}}
{{- range $key, $when := dict "topology.kubernetes.io/zone" .spread.zone "kubernetes.io/hostname" .spread.host }}
{{- if $when }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "throughline.selector" $ | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "throughline.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: admin}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: admin}
  periodSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: admin}
  periodSeconds: 2
  failureThreshold: 2
{{- end }}
