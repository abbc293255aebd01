package apiclient

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
)

const answerLimit = 32 << 20 // bytes, far above the longest page of runs

// Read takes a call's results and returns what the API answered, decoded and as it came. It fails with an
// *Error where the answer is one, or is not the API's at all.
func Read[T any](answer *http.Response, err error) (T, []byte, error) {
	var out T
	if err != nil {
		return out, nil, fmt.Errorf("%w: %w", errAway, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return out, nil, fmt.Errorf("%w: %w", errAway, err)
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode >= http.StatusMultipleChoices || kind != "application/json" {
		return out, nil, refusal(answer, kind, body)
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, nil, fmt.Errorf("read the console's answer: %w", err)
	}
	return out, body, nil
}
