// Package ui is the look of the console: templ components over the plain structs of package view. It
// knows neither requests nor records, and it words nothing that the catalogue in lifecycle words.
package ui
