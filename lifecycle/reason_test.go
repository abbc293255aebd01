package lifecycle_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

func TestReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ message, want string }{
		{"the disk is full", "the disk is full"},
		{"The disk is full.", "The disk is full"},
		{"  two\n\tlines\r\n", "two lines"},
		{"page 18 answered 500", "page # answered 500"},
		{"page 7 answered 404", "page # answered 404"},
		{"429 Too Many Requests after 30 s", "429 Too Many Requests after # s"},
		{"HTTP/1.1 503: retry after 12.5s", "HTTP/# 503: retry after #s"},
		{"unexpected status=502, attempt 3", "unexpected status=502, attempt #"},
		{"row 500 is too long", "row # is too long"},
		{`user "mara@contoso.example" has no licence`, `user "…" has no licence`},
		{"HTTP 422: kofi.mensah+x@brightwood.example is not an address of this organisation.", "HTTP 422: … is not an address of this organisation"},
		{"<jürgen.4711@müller.example>: mailbox @ home is full", "<…>: mailbox @ home is full"},
		{"user 'it' isn't there, can't go on", "user '…' isn't there, can't go on"},
		{"`DROP TABLE x` was refused", "`…` was refused"},
		{"Benutzer „Jürgen“ fehlt", "Benutzer „…“ fehlt"},
		{"object 0195a7c2-6d0a-7c1e-9a53-0000000f00ba not found", "object … not found"},
		{"commit 9fceb02d0ae598e95dc970b74767f19372d61af8 is gone", "commit … is gone"},
		{"segfault at 0x7ffde4a0", "segfault at …"},
		{"request aZ3kQ9xW1b failed", "request … failed"},
		{"the facade deadbeef defaced", "the facade deadbeef defaced"},
		{"collection18 is missing", "collection# is missing"},
		{"since 2026-03-12T14:03:11.123Z nothing", "since # nothing"},
		{"at 14:03:11 on 2026-03-12", "at # on #"},
		{"not before Mon, 02 Jan 2006 15:04:05 GMT", "not before #"},
		{"GET https://graph.contoso.example/v1.0/users/4711?x=1: timeout", "GET https://graph.contoso.example/…/users/…?…: timeout"},
		{"GET https://ada:secret@api.example/groups.", "GET https://api.example/groups"},
		{"dial http://10.0.0.7:8080/x: refused", "dial http://#:#/x: refused"},
		{"dial tcp 10.0.0.7:443: connection refused", "dial tcp #: connection refused"},
		{"lines 3, 17, 99 and 104 are bad", "lines # are bad"},
		{"السطر ١٢ غير صالح", "السطر # غير صالح"},
		{"🔥 7 <b>bold</b>", "🔥 # <b>bold</b>"},
		{"...", "..."},
		{strings.Repeat("long ", 100), strings.Repeat("long ", 31) + "long…"},
	} {
		require.Equal(t, tc.want, lifecycle.Reason("code", tc.message), tc.message)
	}
	require.Equal(t, "http_500", lifecycle.Reason("http_500", " \n"))
	require.Empty(t, lifecycle.Reason("", ""))
}

func TestFourThousandFailuresAreThreeReasons(t *testing.T) {
	t.Parallel()
	reasons := map[string]int{}
	for i := range 4000 {
		message := fmt.Sprintf("user %q: 404 Not Found (request %08x-1111-4222-8333-%012x)", fmt.Sprint("u", i), i, i)
		switch {
		case i%4 == 0:
			message = fmt.Sprintf("GET https://api.example/users/%d?try=%d: context deadline exceeded after %d.%03d s", i, i%7, i%60, i%1000)
		case i%9 == 0:
			message = fmt.Sprintf("line %d: missing column 'mail'", i)
		}
		reasons[lifecycle.Reason("", message)]++
	}
	require.Len(t, reasons, 3, "%v", reasons)
}

func FuzzReason(f *testing.F) {
	for _, s := range []string{"page 18 answered 500", `"`, "''''", "https://", "https://a@b?c#d", "\x00\xff", strings.Repeat("9a", 600), "„“«»`"} {
		f.Add("code", s)
	}
	f.Fuzz(func(t *testing.T, code, message string) {
		got := lifecycle.Reason(code, message)
		require.True(t, utf8.ValidString(got))
		require.LessOrEqual(t, utf8.RuneCountInString(got), 160)
		require.False(t, strings.ContainsFunc(got, unicode.IsControl), "%q", got)
		require.Equal(t, got, lifecycle.Reason(code, message))
		if strings.IndexFunc(message, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.IsControl(r) }) >= 0 {
			require.NotEmpty(t, got, "a message has a reason")
		}
	})
}
