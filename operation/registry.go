package operation

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/opstruth/opstruth/lifecycle"
)

// Registry holds the operation types of one program. It does not change once
// made, so it needs no lock.
type Registry struct {
	byName map[string]Definition
	sorted []Definition
}

// NewRegistry registers types under the installation's policy and timing. Its
// error names every type that is incomplete, double or too impatient.
func NewRegistry(base lifecycle.Policy, timing lifecycle.Timing, defs ...Definition) (*Registry, error) {
	r := &Registry{byName: make(map[string]Definition, len(defs))}
	var errs []error
	for _, d := range defs {
		d.Policy = base
		if d.tune != nil {
			d.tune(&d.Policy)
		}
		if _, twice := r.byName[d.Name]; twice {
			errs = append(errs, fmt.Errorf("operation type %q is defined twice", d.Name))
		}
		if err := d.wrongly(); err != nil {
			errs = append(errs, fmt.Errorf("wrap the workflow of operation type %q: %w", d.Name, err))
		}
		if d.Name == "" || d.Title == "" || (d.do == nil && !d.Wraps()) {
			errs = append(errs, fmt.Errorf("operation type %q needs a Name, a Title and a Do", d.Name))
		}
		if err := d.Policy.Check(timing); err != nil {
			errs = append(errs, fmt.Errorf("check policy of operation type %q: %w", d.Name, err))
		}
		r.byName[d.Name] = d
		r.sorted = append(r.sorted, d)
	}
	slices.SortFunc(r.sorted, func(a, b Definition) int { return cmp.Compare(a.Title, b.Title) })
	return r, errors.Join(errs...)
}

// Lookup finds a type by its name.
func (r *Registry) Lookup(name string) (Definition, bool) {
	d, ok := r.byName[name]
	return d, ok
}

// All lists the types by title.
func (r *Registry) All() []Definition { return slices.Clone(r.sorted) }

// Queues lists the task queues that the types use, each once.
func (r *Registry) Queues() []string {
	var queues []string
	for _, d := range r.sorted {
		queues = append(queues, d.Queue)
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}
