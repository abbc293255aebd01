package web

import "github.com/opstruth/opstruth/web/access"

// RuleOf is the rule that the table holds for a route, for the test that compares the table with what is served.
func RuleOf(o Options, method, path string) (access.Rule, bool) {
	s := &server{Options: o}
	for _, r := range s.routes() {
		if r.Method == method && r.Path == path {
			return r.Rule, true
		}
	}
	return access.Rule{}, false
}
