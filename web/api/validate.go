package api

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/opstruth/opstruth/web/fault"
)

// Validator checks requests against the document.
type Validator struct{ doc *openapi3.T }

// NewValidator reads the document.
func NewValidator() (*Validator, error) {
	doc, err := openapi3.NewLoader().LoadFromData(Document)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	return &Validator{doc}, nil
}

var ginParam = regexp.MustCompile(`:([a-z_]+)`)

// Check refuses a request that is not what the document says about a route, given by its gin path. The
// error is a *fault.Invalid that names every wrong field.
func (v *Validator) Check(r *http.Request, ginPath string, param func(string) string) error {
	path := ginParam.ReplaceAllString(ginPath, "{$1}")
	item := v.doc.Paths.Value(path)
	if item == nil || item.GetOperation(r.Method) == nil {
		return fmt.Errorf("check request: %s %s is not in the OpenAPI document", r.Method, path)
	}
	params := map[string]string{}
	for _, m := range ginParam.FindAllStringSubmatch(ginPath, -1) {
		params[m[1]] = param(m[1])
	}
	if err := unknown(r.URL.Query(), item.Parameters, item.GetOperation(r.Method).Parameters); err != nil {
		return err
	}
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params,
		Route: &routers.Route{Spec: v.doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)},
		Options: &openapi3filter.Options{
			MultiError: true, SkipSettingDefaults: true, ExcludeRequestBody: takesFile(item.GetOperation(r.Method)),
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // who asks was found out before
		},
	})
	return invalid(err)
}

// takesFile reports whether an operation reads its body as a stream, which no schema describes.
func takesFile(o *openapi3.Operation) bool {
	return o.RequestBody != nil && o.RequestBody.Value.Content["application/octet-stream"] != nil
}

// unknown refuses parameters that the operation does not have: a filter that is misspelt would let
// everything through.
func unknown(query url.Values, known ...openapi3.Parameters) error {
	var names []string
	for _, list := range known {
		for _, p := range list {
			if p.Value.In == openapi3.ParameterInQuery {
				names = append(names, p.Value.Name)
			}
		}
	}
	wrong := &fault.Invalid{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(names, name) {
			wrong.Fields = append(wrong.Fields, fault.Field{Name: name, Detail: "is not a parameter here"})
		}
	}
	if len(wrong.Fields) == 0 {
		return nil
	}
	slices.Sort(names)
	wrong.Detail = wrong.Fields[0].Name + " is not a parameter here; those are: " + strings.Join(names, ", ")
	if len(names) == 0 {
		wrong.Detail = wrong.Fields[0].Name + " is not a parameter here; there are none"
	}
	return wrong
}

func invalid(err error) error {
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	wrong := &fault.Invalid{}
	collect(err, "", wrong)
	var details []string
	for _, f := range wrong.Fields {
		details = append(details, strings.TrimSpace(f.Name+": "+f.Detail))
	}
	wrong.Detail = strings.Join(details, "; ")
	return wrong
}

// collect names what is wrong, one field for each.
func collect(err error, field string, into *fault.Invalid) {
	switch e := err.(type) { //nolint:errorlint // the tree is walked level by level
	case openapi3.MultiError:
		for _, one := range e {
			collect(one, field, into)
		}
	case *openapi3filter.RequestError:
		name := "body"
		if e.Parameter != nil {
			name = e.Parameter.Name
		}
		if e.Err == nil {
			into.Fields = append(into.Fields, fault.Field{Name: name, Detail: e.Reason})
			return
		}
		collect(e.Err, name, into)
	case *openapi3.SchemaError:
		var inner openapi3.MultiError
		var leaf *jsonschema.ValidationError
		switch {
		case errors.As(e.Origin, &inner): // what encloses others only repeats them
			collect(inner, field, into)
		case errors.As(err, &leaf):
			schemaError(leaf, field, into)
		default:
			into.Fields = append(into.Fields, fault.Field{Name: field, Detail: e.Reason})
		}
	case *openapi3filter.ParseError:
		into.Fields = append(into.Fields, fault.Field{Name: field, Detail: e.RootCause().Error()})
	default:
		into.Fields = append(into.Fields, fault.Field{Name: field, Detail: err.Error()})
	}
}

var english = message.NewPrinter(language.English)

// schemaError words one violation of a schema.
func schemaError(e *jsonschema.ValidationError, field string, into *fault.Invalid) {
	at := e.InstanceLocation
	add := func(detail string, more ...string) {
		name := strings.Join(append(slices.Clone(at), more...), ".")
		if name == "" {
			name = field
		}
		into.Fields = append(into.Fields, fault.Field{Name: name, Detail: detail})
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add("is required", name)
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add("is not a known field", name)
		}
	case *kind.MinLength:
		if k.Got == 0 {
			add("is required")
			return
		}
		add(k.LocalizedString(english))
	case *kind.Format:
		add("must be a " + k.Want + ", such as 2006-01-02T15:04:05Z")
	default:
		add(k.LocalizedString(english))
	}
}

func badBody(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return &fault.Invalid{Detail: "the body is not the JSON object that the document describes: " + err.Error()}
}

func badParam(err error) error { return &fault.Invalid{Detail: err.Error()} }
