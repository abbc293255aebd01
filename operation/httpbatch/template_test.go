package httpbatch

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func values(of map[string]string) func(string) string {
	return func(column string) string { return of[column] }
}

func TestURLPartsAreEncodedByTheirPlace(t *testing.T) {
	t.Parallel()
	of := values(map[string]string{
		"id": "a/b c?d#e&f%2F", "empty": "", "up": "..", "host": "eu1", "evil": "x@127.0.0.1", "full": "https://other.test/x?y=1", "js": "javascript:1",
	})
	base, err := url.Parse("https://api.test/v1/")
	require.NoError(t, err)
	for _, c := range []struct {
		template, want, fails string
		base                  *url.URL
	}{
		{template: "https://api.test/users/{id}/x?q={id}&all=1", want: "https://api.test/users/a%2Fb%20c%3Fd%23e&f%252F/x?q=a%2Fb%20c%3Fd%23e%26f%252F&all=1"},
		{template: "https://{host}.api.test:8443/x", want: "https://eu1.api.test:8443/x"},
		{template: "https://{evil}/x", fails: `"x@127.0.0.1" in column evil cannot be part of a host`},
		{template: "https://api.test/users/{empty}", fails: "column empty is empty, and the URL's path needs it"},
		{template: "https://api.test/users?x={empty}", want: "https://api.test/users?x="},
		{template: "https://api.test/users/{up}/admin", fails: "its path would climb: /users/../admin"},
		{template: "{full}", want: "https://other.test/x?y=1"},
		{template: "{js}", fails: `"javascript:1" does not begin with http:// or https:// and a host`},
		{template: "/users/{host}", base: base, want: "https://api.test/v1/users/eu1"},
		{template: "{host}?x=1", base: base, want: "https://api.test/v1/eu1?x=1"},
		{template: "https://api.test/other/{host}", base: base, want: "https://api.test/other/eu1"},
	} {
		a, err := parseAddress(c.template, c.base)
		require.NoError(t, err, c.template)
		u, err := a.expand(of)
		if c.fails != "" {
			require.EqualError(t, err, c.fails, c.template)
			require.True(t, isBadValue(err))
			continue
		}
		require.NoError(t, err, c.template)
		require.Equal(t, c.want, u.String(), c.template)
	}
	for template, want := range map[string]string{
		"ftp://api.test/{id}":       "does not begin with http",
		"/users/{id}":               "must begin with http:// or https://",
		"{host}/users":              "must begin with http:// or https://",
		"https://u:p@api.test/{id}": "holds a user or a password",
		"https://api.test/{id}#top": "has a fragment",
		"https://api.test/{id":      "the placeholder {id is not closed",
		"":                          "must begin with",
	} {
		_, err := parseAddress(template, nil)
		require.ErrorContains(t, err, want, template)
	}
	_, err = parseAddress("https://elsewhere.test/{id}", base)
	require.ErrorContains(t, err, "leads to https://elsewhere.test:443 and the connection to https://api.test:443")
}

func TestJSONBodiesStayJSON(t *testing.T) {
	t.Parallel()
	of := values(map[string]string{
		"name": "Ann \"A\" O'Neil\n</x>\\", "n": "12.5", "yes": "true", "none": "", "zip": "01234", "list": `["a", 1]`,
	})
	for template, want := range map[string]string{
		`{"name": "{name}"}`:                     `{"name": "Ann \"A\" O'Neil\n</x>\\"}`,
		`{"a":{"b":{n},"c":{yes}},"d":{none}}`:   `{"a":{"b":12.5,"c":true},"d":null}`,
		`{"list": {list}, "t": "x \" {n} {{n}"}`: `{"list": ["a", 1], "t": "x \" 12.5 {n}"}`,
		`["{zip}", {"{n}": {}}]`:                 `["01234", {"12.5": {}}]`,
	} {
		p, err := parsePayload(template, "application/json; charset=utf-8")
		require.NoError(t, err, template)
		got, err := p.expand(of)
		require.NoError(t, err, template)
		require.Equal(t, want, got)
		require.True(t, json.Valid([]byte(got)), got)
	}
	p, err := parsePayload(`{"zip": {zip}}`, "application/json")
	require.NoError(t, err)
	_, err = p.expand(of)
	require.ErrorContains(t, err, `put quotes around {zip}`)
	_, err = parsePayload(`{"name": }`, "application/json")
	require.ErrorContains(t, err, "is not JSON once it is filled in")

	p, err = parsePayload(`<n>{name}</n>`, "text/xml")
	require.NoError(t, err)
	got, err := p.expand(of)
	require.NoError(t, err)
	require.Contains(t, got, `Ann "A"`, "what is neither JSON nor a form takes values as they are")
}

func TestAFormsValuesStayWithinTheirFields(t *testing.T) {
	t.Parallel()
	of := values(map[string]string{"mail": "a+b@x.test", "name": "Ann & Co=1 é\n", "field": "a b", "none": ""})
	for _, kind := range []string{"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; charset=utf-8"} {
		p, err := parsePayload("mail={mail}&name={name}&{field}={none}", kind)
		require.NoError(t, err)
		got, err := p.expand(of)
		require.NoError(t, err)
		require.Equal(t, "mail=a%2Bb%40x.test&name=Ann+%26+Co%3D1+%C3%A9%0A&a+b=", got)
	}
}

func TestInputsAreRefusedByField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Input)
		field  string
		want   string
	}{
		"unknown placeholder": {func(in *Input) { in.Body = `{"mail": "{mail}"}` }, "body", "{mail} is not a column of the file; it has {id}, {name}"},
		"unknown in the URL":  {func(in *Input) { in.URL = "https://x.test/{ID}" }, "url", "{ID} is not a column of the file; it has {id}, {name}"},
		"unknown in a header": {func(in *Input) { in.Headers = "X-A: {nope}" }, "headers", "{nope} is not a column"},
		"key column":          {func(in *Input) { in.KeyColumn = "nope" }, "key_column", `"nope" is not a column of the file`},
		"method":              {func(in *Input) { in.Method = "TRACE" }, "method", "must be one of GET, HEAD"},
		"credential":          {func(in *Input) { in.Headers = "authorization: Bearer x" }, "headers", "must not set Authorization: credentials are kept in a connection"},
		"header line":         {func(in *Input) { in.Headers = "X-A" }, "headers", "must be lines of “Name: value”"},
		"content type":        {func(in *Input) { in.ContentType = "json please" }, "content_type", "must be a content type"},
		"concurrency":         {func(in *Input) { in.Concurrency = 17 }, "concurrency", "must be 1 to 16"},
		"rate":                {func(in *Input) { in.Rate = -1 }, "rate", "must be 1 to 1000"},
		"connection":          {func(in *Input) { in.Connection, in.URL = "none", "/x" }, "connection", "is not a connection of this tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, people(3), plainInput)
			c.change(&b.input)
			_, err := b.target()
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, c.field+" ")
		})
	}
	b := newBench(t, people(3), plainInput)
	target, err := b.target()
	require.NoError(t, err)
	require.Equal(t, "people.csv to api.test", target)
	require.False(t, b.definition().Supersedes, "a good batch makes no other file's good")

	b.input.File = "another"
	_, err = b.target()
	require.ErrorContains(t, err, "is not an uploaded file of this tenant")
}
