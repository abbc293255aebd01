package view

// Notifications is a member's page of messages about runs that ended.
type Notifications struct {
	Shell   Shell
	Heading Heading
	Tabs    []Tab
	List    NotificationList
}

// NotificationList is a page of messages, the newest first.
type NotificationList struct {
	Caption       string // for screen readers
	ShowWorkspace bool
	Rows          []Notification
	Empty         Empty
	Pager         Pager
}

// Notification is the one message about a run's end, around the run as every list shows it.
type Notification struct {
	RunRow
	Text   string // what happened, its class, whether it was stuck, and the next step
	Unread bool
	Came   Instant
}

// Seen is posted once its page is before the reader, and not for asking: what only loads the page ahead reads nothing.
type Seen struct {
	Href   string
	Hidden []Pair
}
