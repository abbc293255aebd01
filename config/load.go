package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

const fileSuffix = "_FILE"

// Load reads the settings from an environment as os.Environ gives it. A variable that is set but empty
// counts as not set. The required variables must have a value. The error names every wrong setting.
func Load(environ []string, required ...string) (Config, error) {
	values := map[string]string{}
	for name, value := range env.ToMap(environ) {
		if value != "" {
			values[name] = value
		}
	}
	report := &report{wrong: map[string]bool{}}
	readFiles(values, report)

	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: values}); err != nil {
		report.parse(err, values)
	}
	for _, name := range required {
		if values[name] == "" {
			report.setting(name, "is not set")
		}
	}
	c.normalize()
	for _, name := range c.check() {
		report.value(name, values[name])
	}
	if err := report.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Variables lists every environment variable that Load reads, those that name a file included.
func Variables() []string {
	var names []string
	for _, f := range fields() {
		names = append(names, f.name)
		if f.secret {
			names = append(names, f.name+fileSuffix)
		}
	}
	return names
}

// readFiles replaces NAME_FILE by NAME with the file's content, for secrets.
func readFiles(values map[string]string, report *report) {
	for _, f := range fields() {
		path := values[f.name+fileSuffix]
		if !f.secret || path == "" {
			continue
		}
		if values[f.name] != "" {
			report.setting(f.name, "and "+f.name+fileSuffix+" are both set: set one of them")
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			report.setting(f.name+fileSuffix, fmt.Sprintf("names a file that cannot be read: %v", err))
			report.wrong[f.name] = true
			continue
		}
		values[f.name] = strings.TrimSpace(string(content))
	}
}

// field is what the tags of one setting say.
type field struct {
	goName, name, want string
	secret             bool
}

func fields() []field {
	var all []field
	for f := range reflect.TypeFor[Config]().Fields() {
		all = append(all, field{
			goName: f.Name, name: f.Tag.Get("env"), want: f.Tag.Get("want"), secret: f.Tag.Get("secret") == "true",
		})
	}
	return all
}

// report collects wrong settings, one line for each.
type report struct {
	wrong map[string]bool
	lines []error
}

func (r *report) setting(name, complaint string) {
	if r.wrong[name] {
		return
	}
	r.wrong[name] = true
	line := name + " " + complaint
	for _, f := range fields() {
		if f.name == name {
			line += ": want " + f.want
		}
	}
	r.lines = append(r.lines, errors.New(line))
}

func (r *report) value(name, value string) {
	for _, f := range fields() {
		if f.name == name && f.secret {
			r.setting(name, "is wrong")
			return
		}
	}
	r.setting(name, fmt.Sprintf("is %q", value))
}

// parse turns the parser's errors, which name Go fields, into lines that name variables.
func (r *report) parse(err error, values map[string]string) {
	var all env.AggregateError
	if !errors.As(err, &all) {
		r.lines = append(r.lines, err)
		return
	}
	for _, one := range all.Errors {
		var parse env.ParseError
		if !errors.As(one, &parse) {
			r.lines = append(r.lines, one)
			continue
		}
		for _, f := range fields() {
			if f.goName == parse.Name {
				r.value(f.name, values[f.name])
			}
		}
	}
}

func (r *report) err() error {
	if len(r.lines) == 0 {
		return nil
	}
	return fmt.Errorf("correct these settings and start again:\n%w", errors.Join(r.lines...))
}
