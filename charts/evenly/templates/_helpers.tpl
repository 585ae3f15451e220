{{/*
The apps of the values, a list as JSON: each the file of apps/, with its name and what was given. What is in both is decided
here for args, replicaCount, service and podLabels, and else where it is used.
*/}}
{{- define "evenly.apps" -}}
{{- $apps := list -}}
{{- $names := dict -}}
{{- range $key, $given := .Values.apps -}}
{{- $file := $.Files.Get (printf "apps/%s.yaml" $given.app) -}}
{{- if not $file -}}{{- fail (printf "apps.%s.app: there is no app %q" $key $given.app) -}}{{- end -}}
{{- $app := fromYaml $file -}}
{{- $name := default $key $given.nameOverride -}}
{{- if hasKey $names $name -}}{{- fail (printf "apps.%s: its objects would have the name %q, as those of apps.%s" $key $name (get $names $name)) -}}{{- end -}}
{{- $_ := set $names $name $key -}}
{{- range list "labels" "podLabels" -}}
{{- range $label, $_ := index $given . -}}
{{- if has $label (list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/part-of") -}}{{- fail (printf "apps.%s: the label %s is the chart's own" $key $label) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $given.tls (not $app.servesTls) -}}{{- fail (printf "apps.%s.tls: %s does not serve TLS; l7-proxy and xds-server do" $key $given.app) -}}{{- end -}}
{{- if and $given.kubernetesAccess $given.serviceAccount -}}
{{- if $given.serviceAccount.name -}}{{- fail (printf "apps.%s: kubernetesAccess is for a ServiceAccount of the chart; %s is not" $key $given.serviceAccount.name) -}}{{- end -}}
{{- end -}}
{{- $_ := set $app "name" $name -}}
{{- $_ := set $app "given" $given -}}
{{- range list "app" "args" "replicaCount" -}}
{{- if hasKey $given . -}}{{- $_ := set $app . (get $given .) -}}{{- end -}}
{{- end -}}
{{- range list "service" "podLabels" -}}
{{- $_ := set $app . (merge (deepCopy (default dict (get $given .))) (default dict (get $app .))) -}}
{{- end -}}
{{- $apps = append $apps $app -}}
{{- end -}}
{{- toJson $apps -}}
{{- end -}}

{{/* Labels by which an app's pods are found, and no other's of its kind: of one name there is one in a namespace. */}}
{{- define "evenly.selector" -}}
app.kubernetes.io/name: {{ .app }}
app.kubernetes.io/instance: {{ .name }}
{{- end -}}

{{/* Name, labels and annotations of an app's object. Given: app, and name where it is another one. */}}
{{- define "evenly.metadata" -}}
name: {{ default .app.name .name }}
labels:
  app.kubernetes.io/part-of: evenly
  app.kubernetes.io/instance: {{ .app.name }}
  {{- with .app.given.labels }}{{ toYaml . | nindent 2 }}{{ end }}
{{- with merge (deepCopy (default dict .annotations)) (default dict .app.given.annotations) }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "evenly.serviceAccount" -}}
{{- $account := default dict .given.serviceAccount -}}
{{- default .name $account.name -}}
{{- end -}}
