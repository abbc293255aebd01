package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Variables that commands read beside these settings; Load leaves them alone.
const (
	URL              = "OPSTRUTH_URL"
	Token            = "OPSTRUTH_TOKEN" //nolint:gosec // a name
	ConnectionSecret = "OPSTRUTH_CONNECTION_SECRET"
	UserPassword     = "OPSTRUTH_USER_PASSWORD" //nolint:gosec // a name
)

const (
	prefix     = "OPSTRUTH_"
	testPrefix = prefix + "TEST_" // what the product's own tests read
)

// Unknown tells of variables of an environment that look like settings of opstruth and are none, one sentence each, with
// the name that may have been meant.
func Unknown(environ []string) []string {
	known := append(Variables(), URL, Token, Token+fileSuffix, ConnectionSecret, UserPassword)
	var all []string
	for name := range env.ToMap(environ) {
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) || slices.Contains(known, name) {
			continue
		}
		nearest := strings.TrimSuffix(name, fileSuffix) // of what is no secret
		if !slices.Contains(known, nearest) {
			nearest = slices.MinFunc(known, func(a, b string) int { return edits(name, a) - edits(name, b) })
		}
		all = append(all, fmt.Sprintf("%s is not a setting of opstruth and changes nothing; the nearest is %s", name, nearest))
	}
	slices.Sort(all)
	return all
}

// edits is how many letters have to be put in, taken out or changed to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// policyName finds what messages about a policy call its parts.
var policyName = regexp.MustCompile(`\b(stale_after|queued_stale_after|heartbeat_every|reconcile_every)\b`)

// Sets adds to a message about a policy which variables set what it names; a part that a type sets is the type's.
func Sets(message string) string {
	var all []string
	for _, name := range policyName.FindAllString(message, -1) {
		if line := name + " is " + prefix + strings.ToUpper(name); !slices.Contains(all, line) {
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "\n(" + strings.Join(all, ", ") + ", where no operation type sets its own)"
}
