// Package deploytest holds no code: its tests check that what deploy/ and docker-compose.yml say agrees
// with what the program reads and reports.
package deploytest
