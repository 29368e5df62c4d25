{{/* The pod of a Deployment or a Job. Takes `root`, `component` and `settings`, like the templates below. */}}
{{- define "posthorn.pod" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $settings := .settings -}}
metadata:
  labels:
    {{- include "posthorn.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $component }}
  {{- with $settings.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "posthorn.podSpec" . | nindent 2 }}
{{- end -}}

{{- define "posthorn.podSpec" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $settings := .settings -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
containers:
  - name: {{ $component }}
    image: {{ include "posthorn.image" $root | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args: [{{ $component }}]
    env:
      {{- include "posthorn.environment" (dict "root" $root "component" $component) | trim | nindent 6 }}
    {{- if has $component (list "api" "worker") }}
    ports:
      {{- if eq $component "api" }}
      - name: http
        containerPort: {{ include "posthorn.portOf" $root.Values.config.POSTHORN_PORT }}
      {{- end }}
      - name: metrics
        containerPort: {{ include "posthorn.portOf" $root.Values.config.POSTHORN_METRICS_PORT }}
      - name: health
        containerPort: {{ include "posthorn.portOf" $root.Values.config.POSTHORN_HEALTH_PORT }}
    # A start waits for Postgres for 5 s.
    startupProbe:
      httpGet: { path: /healthz, port: health }
      periodSeconds: 2
      failureThreshold: 30
    livenessProbe:
      httpGet: { path: /healthz, port: health }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      {{- if eq $component "api" }}
      # Not /readyz: the API accepts events while Temporal is away, and responds 503 with Retry-After while Postgres is.
      # With /readyz the Service would have no pod at all then.
      httpGet: { path: /healthz, port: health }
      {{- else }}
      httpGet: { path: /readyz, port: health }
      {{- end }}
      periodSeconds: 5
      timeoutSeconds: 5
    {{- end }}
    {{- with $settings.preStopSeconds }}
    lifecycle:
      preStop:
        exec:
          command: [sleep, {{ include "posthorn.text" . | quote }}]
    {{- end }}
    resources:
      {{- toYaml $settings.resources | nindent 6 }}
    securityContext:
      {{- toYaml $root.Values.securityContext | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- with $root.Values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- with $root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Where the pods of a Deployment run, and how long they may take to stop; a part of a pod's spec. */}}
{{- define "posthorn.placement" -}}
{{- $root := .root -}}
{{- $settings := .settings -}}
serviceAccountName: {{ include "posthorn.serviceAccountName" $root }}
terminationGracePeriodSeconds: {{ include "posthorn.text" $settings.terminationGracePeriodSeconds }}
{{- with $settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if $settings.topologySpreadConstraints }}
  {{- toYaml $settings.topologySpreadConstraints | nindent 2 }}
{{- else }}
{{- range tuple "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "posthorn.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $.component }}
{{- end }}
{{- end }}
{{- end -}}
