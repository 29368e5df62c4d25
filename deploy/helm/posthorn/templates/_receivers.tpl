{{/*
The rule for receivers. The networks are those of DENIED_IPV4 and DENIED_IPV6 in src/egress/addresses/address-guard.ts; a
test compares them.
*/}}
{{- define "posthorn.receivers" -}}
{{- $except := .Values.networkPolicy.receivers.except -}}
{{- range $except -}}
{{- /* Kubernetes refuses an exception that is not a part of its block. */ -}}
{{- if and (contains ":" .) (not (regexMatch "^[23][0-9a-fA-F]{3}:" .)) -}}
{{- fail (printf "networkPolicy.receivers.except: %s is outside 2000::/3, so it is not allowed in any case" .) -}}
{{- end -}}
{{- end -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          - 0.0.0.0/8
          - 10.0.0.0/8
          - 100.64.0.0/10
          - 127.0.0.0/8
          - 168.63.129.16/32
          - 169.254.0.0/16
          - 172.16.0.0/12
          - 192.0.0.0/24
          - 192.0.2.0/24
          - 192.31.196.0/24
          - 192.52.193.0/24
          - 192.88.99.0/24
          - 192.168.0.0/16
          - 192.175.48.0/24
          - 198.18.0.0/15
          - 198.51.100.0/24
          - 203.0.113.0/24
          - 224.0.0.0/4
          - 240.0.0.0/4
          {{- range $except }}
          {{- if not (contains ":" .) }}
          - {{ . }}
          {{- end }}
          {{- end }}
    - ipBlock:
        cidr: 2000::/3
        except:
          - 2001::/23
          - 2001:db8::/32
          - 2002::/16
          - 2620:4f:8000::/48
          - 3fff::/20
          {{- range $except }}
          {{- if contains ":" . }}
          - {{ . }}
          {{- end }}
          {{- end }}
    {{- with .Values.config.POSTHORN_ALLOW_TARGETS }}
    {{- range splitList "," . }}
    - ipBlock: { cidr: {{ trim . | quote }} }
    {{- end }}
    {{- end }}
  {{- with .Values.config.POSTHORN_ALLOW_PORTS }}
  ports:
    {{- range splitList "," (include "posthorn.text" .) }}
    {{- $range := splitList "-" (trim .) }}
    - { protocol: TCP, port: {{ first $range }}{{ if eq (len $range) 2 }}, endPort: {{ last $range }}{{ end }} }
    {{- end }}
  {{- end }}
{{- end -}}
