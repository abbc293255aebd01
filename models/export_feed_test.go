package models

// WithStore makes a reader go on with the same records on another clock.
func (r *ChangeReader) WithStore(s *Store) { r.store = s }

// Unseen is how many missing ids are looked for.
func (r *ChangeReader) Unseen() int { return len(r.unseen) }

// ClockSQL is the store's clock.
func (s *Store) ClockSQL() string { return s.clock }
