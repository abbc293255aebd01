module github.com/opstruth/opstruth/standalone

go 1.26.8

require github.com/opstruth/opstruth v0.0.0

require (
	github.com/chromedp/cdproto v0.159.0 // indirect
	github.com/chromedp/chromedp v0.23.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/temporalio/ui-server/v2 v2.55.0 // indirect
	go.temporal.io/server v1.32.1 // indirect
)

replace github.com/opstruth/opstruth => ../
