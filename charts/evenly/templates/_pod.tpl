{{/* The template of an app's pods. Given: app, root. */}}
{{- define "evenly.pod" -}}
{{- $app := .app -}}
{{- $given := $app.given -}}
metadata:
  labels:
    app.kubernetes.io/part-of: evenly
    {{- include "evenly.selector" $app | nindent 4 }}
    {{- with $app.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with $given.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "evenly.serviceAccount" $app }}
  automountServiceAccountToken: {{ not (not $given.kubernetesAccess) }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "evenly.grace" $app }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with pick $given "priorityClassName" "nodeSelector" "tolerations" "affinity" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- $own := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
    {{- mergeOverwrite $own (default dict $given.podSecurityContext) | toYaml | nindent 4 }}
  {{- if hasKey $given "topologySpreadConstraints" }}
  topologySpreadConstraints: {{- toYaml $given.topologySpreadConstraints | nindent 4 }}
  {{- else if $app.spread }}
  topologySpreadConstraints:
    {{- $selector := include "evenly.selector" $app | fromYaml }}
    {{- range $app.spread }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: { matchLabels: {{ toJson $selector }} }
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
  {{- if or $given.initContainers $given.sidecar }}
  initContainers:
    {{- with $given.initContainers }}{{ toYaml . | nindent 4 }}{{ end }}
    {{- if $given.sidecar }}{{ include "evenly.sidecar" . | nindent 4 }}{{ end }}
  {{- end }}
  containers:
    - name: {{ $app.app }}
      image: {{ default (printf "%s%s:%s" .root.Values.image.prefix $app.app .root.Values.image.tag) $given.image | quote }}
      {{- with .root.Values.image.pullPolicy }}
      imagePullPolicy: {{ . }}
      {{- end }}
      {{- with pick $given "command" "envFrom" }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with $app.args }}
      args: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "evenly.env" $app | fromJsonArray }}
      env: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- omit $app.container "env" "resources" | toYaml | nindent 6 }}
      resources: {{- default $app.container.resources $given.resources | toYaml | nindent 8 }}
      {{- if or $given.config $given.tls $given.volumeMounts }}
      volumeMounts:
        {{- if $given.config }}
        - { name: config, mountPath: /etc/evenly, readOnly: true }
        {{- end }}
        {{- if $given.tls }}
        - { name: tls, mountPath: /etc/evenly-tls, readOnly: true }
        {{- end }}
        {{- with $given.volumeMounts }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- end }}
      securityContext: {{- include "evenly.securityContext" $given.securityContext | nindent 8 }}
  {{- if or $given.config $given.tls $given.sidecar $given.volumes }}
  volumes:
    {{- if $given.config }}
    - name: config
      configMap: { name: {{ $app.name }}-config }
    {{- end }}
    {{- if $given.tls }}
    - name: tls
      secret: { secretName: {{ $given.tls.secretName }} }
    {{- end }}
    {{- if $given.sidecar }}
    - name: sidecar-config
      configMap: { name: {{ $app.name }}-sidecar-config }
    {{- end }}
    {{- with $given.volumes }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- end }}
{{- end -}}

{{/* With a sidecar the app's own seconds and the proxy's, one after the other. */}}
{{- define "evenly.grace" -}}
{{- $own := ternary 45 .terminationGracePeriodSeconds (hasKey .given "sidecar") -}}
{{- default $own .given.terminationGracePeriodSeconds -}}
{{- end -}}

{{/* The app's variables with those that were given, which take the place of the app's of the same name; as JSON. */}}
{{- define "evenly.env" -}}
{{- $given := .given -}}
{{- $more := default list $given.env -}}
{{- if $given.tls -}}
{{- $more = append $more (dict "name" "EVENLY_TLS_CERT" "value" "/etc/evenly-tls/tls.crt") -}}
{{- $more = append $more (dict "name" "EVENLY_TLS_KEY" "value" "/etc/evenly-tls/tls.key") -}}
{{- if $given.tls.clientCertificates -}}
{{- $more = append $more (dict "name" "EVENLY_TLS_CLIENT_CA" "value" "/etc/evenly-tls/ca.crt") -}}
{{- end -}}
{{- end -}}
{{- $replaced := ternary (list "EVENLY_PLAINTEXT") list (hasKey $given "tls") -}}
{{- range $more -}}{{- $replaced = append $replaced .name -}}{{- end -}}
{{- $env := list -}}
{{- range default list .container.env -}}
{{- if not (has .name $replaced) -}}{{- $env = append $env . -}}{{- end -}}
{{- end -}}
{{- concat $env $more | toJson -}}
{{- end -}}

{{/* Of a container; what is given is put over it. */}}
{{- define "evenly.securityContext" -}}
{{- $own := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- mergeOverwrite $own (default dict .) | toYaml -}}
{{- end -}}
