package main

import (
	"context"
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/operation"
)

// Transfer and Withdraw are a workflow and its activity as they were before
// anybody thought of opstruth.
func Transfer(ctx workflow.Context, from string, amount int) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	if err := workflow.Sleep(ctx, 20*time.Second); err != nil { // the account is booked in the next window
		return "", err
	}
	var receipt string
	err := workflow.ExecuteActivity(ctx, Withdraw, from, amount).Get(ctx, &receipt)
	return receipt, err
}

func Withdraw(_ context.Context, from string, _ int) (string, error) {
	return "withdrawn from " + from, nil
}

// transfer makes it an operation type.
func transfer() operation.Definition {
	return operation.Wrap(operation.Type[struct {
		From   string `json:"from"`
		Amount int    `json:"amount"`
	}]{
		Name: "demo.transfer", Title: "Transfer money",
		Fields: []operation.Field{
			{Name: "from", Label: "From account", Kind: operation.Text, Required: true},
			{Name: "amount", Label: "Amount", Kind: operation.Number, Required: true},
		},
	}, Transfer, operation.Wrapping{
		Register: func(w worker.Registry) { w.RegisterActivity(Withdraw) },
	})
}
