package sampleapi

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
)

// Object is one configuration object. Its "id" never changes.
type Object map[string]any

// collection describes one collection of every tenant.
type collection struct {
	name  string
	base  int                                   // objects in a tenant of size 1
	churn int                                   // objects added, and as many removed, by a generation
	every int                                   // a generation changes every n-th object
	build func(o Object, d draw, i, change int) // fills o; change is 0 until the object changed for the first time
}

func (c collection) size(factor float64) int { return max(1, int(float64(c.base)*factor)) }

var collections = []collection{
	{"users", 1200, 4, 97, user},
	{"groups", 320, 2, 61, group},
	{"devices", 860, 5, 83, device},
	{"applications", 240, 1, 79, application},
	{"servicePrincipals", 410, 2, 101, servicePrincipal},
	{"deviceConfigurations", 64, 1, 17, deviceConfiguration},
	{"deviceCompliancePolicies", 26, 1, 11, compliancePolicy},
	{"conditionalAccessPolicies", 22, 1, 7, conditionalAccessPolicy},
	{"mobileApps", 96, 1, 31, mobileApp},
}

// Collections names the collections that every tenant has.
func Collections() []string {
	names := make([]string, len(collections))
	for i, c := range collections {
		names[i] = c.name
	}
	return names
}

func lookup(name string) (collection, bool) {
	for _, c := range collections {
		if c.name == name {
			return c, true
		}
	}
	return collection{}, false
}

// objects computes those from one offset up to another in a generation. A collection is a window over an endless row of
// objects; each generation moves the window on, so that it adds at the end, removes at the start and never grows.
func (s *state) objects(c collection, generation, from, to int) []Object {
	out := make([]Object, 0, to-from)
	for offset := from; offset < to; offset++ {
		i := generation*c.churn + offset
		out = append(out, s.object(c, i, lastChange(i, generation, c.every)))
	}
	return out
}

// lastChange is the newest generation, up to this one, that changed object i; 0 when none did.
func lastChange(i, generation, every int) int { return max(0, generation-(i+generation)%every) }

// created is where the sample's time begins.
var created = time.Date(2024, 1, 8, 9, 0, 0, 0, time.UTC)

func (s *state) object(c collection, i, change int) Object {
	d := newDraw(s.ID, c.name, i)
	made := created.Add(time.Duration(i) * 7 * time.Hour).Add(d.minutes(420))
	o := Object{
		"id":                   d.uuid(),
		"createdDateTime":      made.Format(time.RFC3339),
		"lastModifiedDateTime": made.AddDate(0, 0, change).Format(time.RFC3339),
	}
	c.build(o, d, i, change)
	return o
}

// draw makes an object's choices, always the same ones for the same object.
type draw struct{ *rand.Rand }

func newDraw(tenant, collection string, i int) draw {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%s/%d", tenant, collection, i)
	return draw{rand.New(rand.NewPCG(h.Sum64(), uint64(i)))} //nolint:gosec // sample data, repeatable on purpose
}

func (d draw) of(words []string) string    { return words[d.IntN(len(words))] }
func (d draw) minutes(n int) time.Duration { return time.Duration(d.IntN(n)) * time.Minute }
func (d draw) chance(percent int) bool     { return d.IntN(100) < percent }
func (d draw) digits(n int) string         { return fmt.Sprintf("%0*d", n, d.IntN(pow10(n))) }
func (d draw) slug(words ...string) string { return strings.ToLower(strings.Join(words, "-")) }
func (d draw) some(words []string, n int) []string {
	out := []string{}
	for _, at := range d.Perm(len(words))[:n] {
		out = append(out, words[at])
	}
	return out
}

func (d draw) uuid() string {
	a, b := d.Uint64(), d.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

func pow10(n int) int {
	out := 1
	for range n {
		out *= 10
	}
	return out
}
