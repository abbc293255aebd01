package view

// Digest is why a run's items failed: few reasons instead of many items.
type Digest struct {
	Reasons []Reason
	Items   int64 // failed ones, in all
	More    int64 // reasons that are not listed
}

// Reason is what items that failed alike have in common.
type Reason struct {
	Text    string
	Items   int64  // as many as the list at Href has
	Share   int64  // of all failed items, in percent
	Href    string // the items that failed for it
	Key     string // of one of them
	Example string // its message, where that says more than Text
}
