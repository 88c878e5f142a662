package contract

import (
	"parlor/internal/grant"
	"parlor/internal/setting"
)

// SettingOf is the contract's form of an option.
func SettingOf(o setting.Option, company setting.Company) Object {
	out := Object{"_id": o.ID, "value": o.Value(company), "packageValue": o.Default, "type": o.Kind, "public": o.Public, "group": "Omnichannel",
		"section": o.Section, "i18nLabel": o.ID}
	if len(o.Values) > 0 {
		values := make([]Object, len(o.Values))
		for i, v := range o.Values {
			values[i] = Object{"key": v, "i18nLabel": v}
		}
		out["values"] = values
	}
	return out
}

// PermissionOf is the contract's form of a permission.
func PermissionOf(e grant.Entry) Object {
	return Object{"_id": e.Permission, "roles": e.Roles, "_updatedAt": Stamp(e.UpdatedAt), "groupPermissionId": ""}
}
