{{/* The apps of the values, each with its name, the files of apps/ as defaults: a list, as JSON. */}}
{{- define "evenly.apps" -}}
{{- $apps := list -}}
{{- range $key, $given := .Values.apps -}}
{{- $file := $.Files.Get (printf "apps/%s.yaml" $given.app) -}}
{{- if not $file -}}{{- fail (printf "apps.%s.app: there is no app %q" $key $given.app) -}}{{- end -}}
{{- $app := mergeOverwrite (fromYaml $file) (omit $given "service" "resources") -}}
{{- $_ := set $app "service" (merge (default dict $given.service) (default dict $app.service)) -}}
{{- if $given.resources -}}{{- $_ := set $app.container "resources" $given.resources -}}{{- end -}}
{{- $_ := set $app "name" (default $key $given.nameOverride) -}}
{{- $apps = append $apps $app -}}
{{- end -}}
{{- toJson $apps -}}
{{- end -}}

{{/* Labels by which an app's pods are found. The instance only where the name does not say it all. */}}
{{- define "evenly.selector" -}}
app.kubernetes.io/name: {{ .app }}
{{- if ne .name .app }}
app.kubernetes.io/instance: {{ .name }}
{{- end }}
{{- end -}}

{{/* Labels of an app's objects. */}}
{{- define "evenly.labels" -}}
app.kubernetes.io/part-of: evenly
{{- if ne .name .app }}
app.kubernetes.io/instance: {{ .name }}
{{- end }}
{{- end -}}
