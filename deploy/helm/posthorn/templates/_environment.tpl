{{/* The variables of one process. Takes `root` and `component`. */}}
{{- define "posthorn.environment" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $secret := required "secret.name is required: the name of a Secret with DATABASE_URL, POSTHORN_ADMIN_KEY and POSTHORN_ENCRYPTION_KEYS" $root.Values.secret.name -}}
{{- $_ := required "config.TEMPORAL_ADDRESS is required: host and port of the Temporal frontend" $root.Values.config.TEMPORAL_ADDRESS -}}
{{- range $name, $value := omit $root.Values.config "POSTHORN_DENY_TARGETS" }}
{{- if hasKey $root.Values.secret.keys $name }}
{{- fail (printf "%s is in config and in secret.keys: set it in one of them" $name) }}
{{- end }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ include "posthorn.text" $value | quote }}
{{- end }}
{{- end }}
- name: POSTHORN_DENY_TARGETS
  value: {{ include "posthorn.denyTargets" $root | quote }}
{{- range $name, $key := $root.Values.secret.keys }}
{{- /* Only the API compares the admin key. */}}
{{- if or (eq $component "api") (ne $name "POSTHORN_ADMIN_KEY") }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The servers of this installation that no other variable names, so that they are never targets, whatever is allowed: the
Service of the API, and all ports of all pods, whose addresses the Service without a cluster address has.
*/}}
{{- define "posthorn.denyTargets" -}}
{{- $host := printf "%s.%s.svc" (include "posthorn.fullname" .) .Release.Namespace -}}
{{- $pods := printf "%s-pods.%s.svc" (include "posthorn.fullname" .) .Release.Namespace -}}
{{- $targets := list (printf "%s:%v" $host .Values.service.port) -}}
{{- range tuple "POSTHORN_PORT" "POSTHORN_METRICS_PORT" "POSTHORN_HEALTH_PORT" -}}
{{- $targets = append $targets (printf "%s:%s" $pods (include "posthorn.portOf" (index $.Values.config .))) -}}
{{- end -}}
{{- with .Values.config.POSTHORN_DENY_TARGETS -}}
{{- $targets = append $targets . -}}
{{- end -}}
{{- join "," $targets -}}
{{- end -}}
