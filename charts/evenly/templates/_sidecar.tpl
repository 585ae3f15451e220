{{/*
The l7-proxy in an app's own pod: a native sidecar (Kubernetes 1.29), ready before the app starts, told to stop after it ended.
Given: app, root.
*/}}
{{- define "evenly.sidecar" -}}
- name: l7-proxy
  image: {{ printf "%sl7-proxy:%s" .root.Values.image.prefix .root.Values.image.tag | quote }}
  {{- with .root.Values.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  restartPolicy: Always
  args: [--config=/etc/evenly/mesh.yaml, --admin-host=0.0.0.0, --admin-port=8082]
  env:
    - name: NODE_NAME
      valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
  ports:
    - { name: proxy-admin, containerPort: 8082 }
  startupProbe: { httpGet: { path: /readyz, port: proxy-admin }, periodSeconds: 1, failureThreshold: 3600 }
  readinessProbe: { httpGet: { path: /readyz, port: proxy-admin }, periodSeconds: 2 }
  livenessProbe: { httpGet: { path: /healthz, port: proxy-admin }, periodSeconds: 10, timeoutSeconds: 5 }
  {{- $usual := dict "requests" (dict "cpu" "50m" "memory" "128Mi") "limits" (dict "cpu" "1" "memory" "384Mi") }}
  resources: {{- default $usual .app.given.sidecar.resources | toYaml | nindent 4 }}
  volumeMounts:
    - { name: sidecar-config, mountPath: /etc/evenly, readOnly: true }
  securityContext: {{- include "evenly.securityContext" dict | nindent 4 }}
{{- end -}}
