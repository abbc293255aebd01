// Package models keeps the rows of opstruth and every query on them, on PostgreSQL and SQLite. Truth is never
// stored here: rows carry facts, and lifecycle derives what they mean. A run's lifecycle is written by
// Store.Transition alone. Every time is an integer of microseconds of the database's own clock.
package models
