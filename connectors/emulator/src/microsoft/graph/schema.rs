//! The properties of the types, as far as they are known here.

/// What a type can be asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema {
    /// Its name in messages.
    pub(super) name: &'static str,
    /// Properties that come without `$select`.
    pub(super) usual: &'static [&'static str],
    /// Properties that come only when they are selected.
    pub(super) on_demand: &'static [&'static str],
    /// What can be expanded.
    pub(super) expandable: &'static [&'static str],
}

/// The annotation with the pre-authenticated URL.
pub(super) const DOWNLOAD_URL: &str = "@microsoft.graph.downloadUrl";

/// `driveItem`.
pub(super) const DRIVE_ITEM: Schema = Schema {
    name: "microsoft.graph.driveItem",
    usual: &[
        DOWNLOAD_URL,
        "id",
        "createdBy",
        "createdDateTime",
        "description",
        "eTag",
        "lastModifiedBy",
        "lastModifiedDateTime",
        "name",
        "parentReference",
        "webUrl",
        "cTag",
        "deleted",
        "file",
        "fileSystemInfo",
        "folder",
        "malware",
        "package",
        "pendingOperations",
        "remoteItem",
        "root",
        "shared",
        "size",
        "specialFolder",
        "@microsoft.graph.sharedChanged",
    ],
    on_demand: &[
        "publication",
        "sharepointIds",
        "sensitivityLabel",
        "dataLossPrevention",
        "searchResult",
        "bundle",
    ],
    expandable: &[
        "children",
        "listItem",
        "permissions",
        "retentionLabel",
        "versions",
    ],
};

/// `drive`.
pub(super) const DRIVE: Schema = Schema {
    name: "microsoft.graph.drive",
    usual: &[
        "id",
        "createdBy",
        "createdDateTime",
        "description",
        "eTag",
        "lastModifiedBy",
        "lastModifiedDateTime",
        "name",
        "parentReference",
        "webUrl",
        "driveType",
        "owner",
        "quota",
    ],
    on_demand: &["sharePointIds", "sharepointIds", "system"],
    expandable: &["list", "root"],
};

/// `site`.
pub(super) const SITE: Schema = Schema {
    name: "microsoft.graph.site",
    usual: &[
        "id",
        "createdDateTime",
        "description",
        "displayName",
        "eTag",
        "isPersonalSite",
        "lastModifiedDateTime",
        "name",
        "parentReference",
        "root",
        "siteCollection",
        "webUrl",
        "deleted",
    ],
    on_demand: &["sharepointIds"],
    expandable: &["drive", "drives", "lists"],
};

/// `list`.
pub(super) const LIST: Schema = Schema {
    name: "microsoft.graph.list",
    usual: &[
        "id",
        "createdBy",
        "createdDateTime",
        "description",
        "displayName",
        "eTag",
        "lastModifiedBy",
        "lastModifiedDateTime",
        "list",
        "name",
        "parentReference",
        "webUrl",
    ],
    on_demand: &["sharepointIds", "system"],
    expandable: &["drive", "columns", "items"],
};

/// `listItem`.
pub(super) const LIST_ITEM: Schema = Schema {
    name: "microsoft.graph.listItem",
    usual: &[
        "id",
        "createdBy",
        "createdDateTime",
        "eTag",
        "lastModifiedBy",
        "lastModifiedDateTime",
        "parentReference",
        "webUrl",
        "contentType",
    ],
    on_demand: &["sharepointIds", "deleted"],
    expandable: &["fields", "driveItem", "versions"],
};

/// `permission`.
pub(super) const PERMISSION: Schema = Schema {
    name: "microsoft.graph.permission",
    usual: &[
        "id",
        "expirationDateTime",
        "grantedTo",
        "grantedToIdentities",
        "grantedToIdentitiesV2",
        "grantedToV2",
        "hasPassword",
        "inheritedFrom",
        "invitation",
        "link",
        "roles",
        "shareId",
    ],
    on_demand: &[],
    expandable: &[],
};

/// `driveItemVersion`.
pub(super) const VERSION: Schema = Schema {
    name: "microsoft.graph.driveItemVersion",
    usual: &[
        "id",
        "lastModifiedBy",
        "lastModifiedDateTime",
        "size",
        "publication",
    ],
    on_demand: &["content"],
    expandable: &[],
};

/// `itemRetentionLabel`.
pub(super) const RETENTION_LABEL: Schema = Schema {
    name: "microsoft.graph.itemRetentionLabel",
    usual: &[
        "id",
        "isLabelAppliedExplicitly",
        "labelAppliedBy",
        "labelAppliedDateTime",
        "name",
        "retentionSettings",
    ],
    on_demand: &[],
    expandable: &[],
};

/// `user`.
pub(super) const USER: Schema = Schema {
    name: "microsoft.graph.user",
    usual: &[
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ],
    on_demand: &[
        "accountEnabled",
        "companyName",
        "department",
        "externalUserState",
        "mailNickname",
        "onPremisesDistinguishedName",
        "onPremisesExtensionAttributes",
        "otherMails",
        "proxyAddresses",
        "userType",
    ],
    expandable: &[],
};

/// `group` and other directory objects.
pub(super) const DIRECTORY_OBJECT: Schema = Schema {
    name: "microsoft.graph.directoryObject",
    usual: &[
        "id",
        "displayName",
        "groupTypes",
        "mail",
        "mailEnabled",
        "securityEnabled",
        "visibility",
        "deletedDateTime",
    ],
    on_demand: &[
        "onPremisesSyncEnabled",
        "userType",
        "userPrincipalName",
        "externalUserState",
    ],
    expandable: &[],
};

/// `sensitivityLabel`.
pub(super) const LABEL: Schema = Schema {
    name: "microsoft.graph.sensitivityLabel",
    usual: &[
        "id",
        "actionSource",
        "applicableTo",
        "applicationMode",
        "autoTooltip",
        "color",
        "contentFormats",
        "description",
        "displayName",
        "hasProtection",
        "isActive",
        "isAppliable",
        "isDefault",
        "isEnabled",
        "isEndpointProtectionEnabled",
        "isScopedToUser",
        "locale",
        "name",
        "parent",
        "priority",
        "sensitivity",
        "sublabels",
        "toolTip",
        "tooltip",
    ],
    on_demand: &["rights"],
    expandable: &["sublabels", "rights"],
};

/// `subscription`.
pub(super) const SUBSCRIPTION: Schema = Schema {
    name: "microsoft.graph.subscription",
    usual: &[
        "id",
        "applicationId",
        "changeType",
        "clientState",
        "creatorId",
        "expirationDateTime",
        "latestSupportedTlsVersion",
        "lifecycleNotificationUrl",
        "notificationUrl",
        "resource",
    ],
    on_demand: &[],
    expandable: &[],
};
