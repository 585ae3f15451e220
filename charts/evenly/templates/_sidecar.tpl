{{/* The l7-proxy in an app's own pod: a native sidecar (Kubernetes 1.29), ready before the app starts, told to stop after it ended. */}}
{{- define "evenly.sidecar" -}}
- name: l7-proxy
  image: {{ printf "%sl7-proxy:%s" .Values.image.prefix .Values.image.tag | quote }}
  {{- with .Values.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  restartPolicy: Always
  args: [--config=/etc/evenly/mesh.yaml, --admin-host=0.0.0.0, --admin-port=8082]
  env:
    - name: NODE_NAME
      valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
  ports:
    - { name: proxy-admin, containerPort: 8082 }
  startupProbe: { httpGet: { path: /readyz, port: proxy-admin }, periodSeconds: 1, failureThreshold: 60 }
  readinessProbe: { httpGet: { path: /readyz, port: proxy-admin }, periodSeconds: 2 }
  livenessProbe: { httpGet: { path: /healthz, port: proxy-admin }, periodSeconds: 10, timeoutSeconds: 5 }
  resources:
    requests: { cpu: 50m, memory: 128Mi }
    limits: { cpu: '1', memory: 384Mi }
  volumeMounts:
    - { name: sidecar-config, mountPath: /etc/evenly, readOnly: true }
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: [ALL] }
{{- end -}}
