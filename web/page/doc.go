// Package page builds what each page shows: functions from records and their
// truth to view structs, testable without HTTP. Handlers load and call; the
// templates in web/ui only render. It derives nothing itself.
package page
