package sampleapi

import (
	"fmt"
	"strings"
)

var (
	givenNames = words("Amara Anders Aiko Beatriz Bilal Carmen Chidi Claire Daniel Elena Emeka Farah Gustav Hana Igor Ines Jonas Julia Kamal Keiko Lars Leila Mateo Mei Nadia Nils Olga Omar Paula Priya Rafael Rosa Samir Sofia Tariq Thomas Ulla Viktor Wanjiru Yusuf Zofia")
	surnames   = words("Abe Andersen Baker Bianchi Castro Chen Costa Diaz Eriksen Fischer Garcia Haddad Hansen Ibrahim Ito Jansen Kaya Keller Kim Kowalski Larsen Lopez Meyer Mbeki Nakamura Novak Okafor Patel Petrov Quinn Rossi Sato Schmidt Silva Singh Tanaka Torres Usman Virtanen Weber Yilmaz Zhang")
	regions    = words("Berlin Lisbon Nairobi Osaka Oslo Toronto Warsaw Zurich")
	units      = words("Finance Legal Sales Support Engineering Logistics Marketing Research Facilities Security")
	titles     = []string{"Analyst", "Engineer", "Team lead", "Manager", "Consultant", "Assistant", "Director", "Specialist"}
	platforms  = words("windows10 macOS iOS androidForWork")
	products   = words("Ledger Atlas Payroll Wiki Tracker Vault Beacon Courier Forecast Roster Survey Archive")
	settings   = words("Disk-encryption Firewall Screen-lock Updates VPN Wi-Fi Browser-baseline Kiosk Certificates Passcode")
	grants     = words("mfa compliantDevice domainJoinedDevice approvedApplication passwordChange")
	scopes     = words("User.Read.All Group.Read.All Device.Read.All Directory.Read.All Policy.Read.All AuditLog.Read.All")
)

func words(s string) []string { return strings.Fields(s) }

func user(o Object, d draw, i, change int) {
	given, family := d.of(givenNames), d.of(surnames)
	o["displayName"] = given + " " + family
	o["givenName"], o["surname"] = given, family
	o["userPrincipalName"] = fmt.Sprintf("%s.%s%d@example.com", strings.ToLower(given), strings.ToLower(family), i)
	o["department"], o["officeLocation"] = d.of(units), d.of(regions)
	o["jobTitle"] = titles[(d.IntN(len(titles))+change)%len(titles)]
	o["accountEnabled"] = !d.chance(6)
	o["userType"] = "Member"
	if d.chance(4) {
		o["userType"] = "Guest"
	}
}

func group(o Object, d draw, i, change int) {
	unit, place := d.of(units), d.of(regions)
	o["displayName"] = fmt.Sprintf("%s %s %03d", unit, place, i)
	o["mailNickname"] = d.slug(unit, place, fmt.Sprint(i))
	o["securityEnabled"] = !d.chance(30)
	o["description"] = fmt.Sprintf("%s staff in %s, revision %d", unit, place, change)
	o["groupTypes"] = []string{}
	if d.chance(25) {
		o["groupTypes"] = []string{"DynamicMembership"}
		o["membershipRule"] = fmt.Sprintf("(user.department -eq %q)", unit)
	}
}

func device(o Object, d draw, i, change int) {
	system := d.of(platforms)
	o["displayName"] = fmt.Sprintf("%s-%05d", strings.ToUpper(system[:3]), i)
	o["deviceId"] = d.uuid()
	o["operatingSystem"] = system
	o["operatingSystemVersion"] = fmt.Sprintf("%d.%d.%d", 10+d.IntN(5), d.IntN(9), 100+change)
	o["isCompliant"] = !d.chance(9)
	o["isManaged"] = !d.chance(5)
	o["serialNumber"] = d.digits(9)
}

func application(o Object, d draw, i, change int) {
	name := d.of(products)
	o["displayName"] = fmt.Sprintf("%s %d", name, i)
	o["appId"] = d.uuid()
	o["signInAudience"] = "AzureADMyOrg"
	o["web"] = map[string]any{"redirectUris": []string{"https://" + d.slug(name) + ".example.com/callback"}}
	o["passwordCredentials"] = []any{map[string]any{
		"displayName": "rotation " + fmt.Sprint(change), "endDateTime": created.AddDate(1, 0, change).Format("2006-01-02T15:04:05Z"),
	}}
}

func servicePrincipal(o Object, d draw, i, change int) {
	o["displayName"] = fmt.Sprintf("%s %d", d.of(products), i)
	o["appId"] = d.uuid()
	o["servicePrincipalType"] = "Application"
	o["accountEnabled"] = !d.chance(5)
	o["appRoles"] = d.some(scopes, 1+(d.IntN(3)+change)%3)
}

func deviceConfiguration(o Object, d draw, i, change int) {
	setting, system := d.of(settings), d.of(platforms)
	o["displayName"] = fmt.Sprintf("%s %s %02d", system, strings.ReplaceAll(setting, "-", " "), i)
	o["@odata.type"] = "#microsoft.graph." + system + "GeneralConfiguration"
	o["description"] = "Baseline for " + d.of(units)
	o["version"] = 1 + change
	o["settings"] = map[string]any{
		"screenLockMinutes": 5 + d.IntN(3)*5, "requireEncryption": !d.chance(20), "deferUpdatesDays": (d.IntN(10) + change) % 30,
	}
}

func compliancePolicy(o Object, d draw, i, change int) {
	system := d.of(platforms)
	o["displayName"] = fmt.Sprintf("Compliance %s %02d", system, i)
	o["version"] = 1 + change
	o["passwordMinimumLength"] = 8 + (d.IntN(4)+change)%8
	o["osMinimumVersion"] = fmt.Sprintf("%d.%d", 10+d.IntN(5), d.IntN(9))
	o["storageRequireEncryption"] = true
}

func conditionalAccessPolicy(o Object, d draw, i, change int) {
	o["displayName"] = fmt.Sprintf("CA%03d %s from %s", i, d.of(units), d.of(regions))
	o["state"] = []string{"enabled", "enabledForReportingButNotEnforced", "disabled"}[(d.IntN(2)+change)%3]
	o["conditions"] = map[string]any{
		"clientAppTypes": []string{"all"},
		"users":          map[string]any{"includeUsers": []string{"All"}, "excludeGroups": []string{d.uuid()}},
		"locations":      map[string]any{"excludeLocations": d.some(regions, 2)},
	}
	o["grantControls"] = map[string]any{"operator": "OR", "builtInControls": d.some(grants, 2)}
}

func mobileApp(o Object, d draw, i, change int) {
	o["displayName"] = fmt.Sprintf("%s mobile %d", d.of(products), i)
	o["publisher"] = d.of(surnames) + " Software"
	o["version"] = fmt.Sprintf("%d.%d.%d", 1+d.IntN(6), d.IntN(10), change)
	o["isFeatured"] = d.chance(10)
	o["assignedGroups"] = 1 + d.IntN(12)
}
