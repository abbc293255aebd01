package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/opstruth/opstruth/operation"
)

// greeting is the input of a run.
type greeting struct {
	People int64 `json:"people"`
}

func greet() operation.Definition {
	return operation.Define(operation.Type[greeting]{
		Name: "demo.greet", Title: "Greet people", Description: "Greets one person after another.",
		Fields: []operation.Field{{Name: "people", Label: "How many people", Kind: operation.Number, Required: true}},
		Target: func(in greeting) string { return fmt.Sprintf("%d people", in.People) },
		Plan: func(_ context.Context, run *operation.Run[greeting]) (operation.Plan, error) {
			return operation.Plan{Total: run.Input.People, Cursor: "1"}, nil
		},
		Do: func(ctx context.Context, run *operation.Run[greeting], cursor string) (operation.Next, error) {
			n, err := strconv.ParseInt(cursor, 10, 64)
			if err != nil || n > run.Input.People {
				return operation.Done(), err
			}
			if err := sayHello(ctx, n); err != nil {
				return operation.Next{}, err
			}
			if person := fmt.Sprintf("person %d", n); n%10 == 0 {
				run.Failed(person, "nobody_home", "Nobody opened the door.")
			} else {
				run.Succeeded(person)
			}
			return operation.More(strconv.FormatInt(n+1, 10)), nil
		},
	})
}
