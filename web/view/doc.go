// Package view holds what pages show: plain values, already authorised, derived and worded. It decides
// nothing, reads nothing and imports neither the web framework nor the database.
package view
