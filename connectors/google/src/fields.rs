//! What is asked of files. A field that is not named is not sent (reference/google-drive.md §0 "Partial responses").

/// Of a file as the inventory has it.
pub(crate) const FILE: &str = "id,name,mimeType,size,md5Checksum,headRevisionId,version,createdTime,modifiedTime,trashed,\
    explicitlyTrashed,driveId,parents,owners(emailAddress),ownedByMe,lastModifyingUser(emailAddress),shared,\
    clientEncryptionDetails(encryptionState),appProperties,capabilities(canDownload)";

/// Of permissions.
pub(crate) const PERMISSION: &str = "type,role,emailAddress,domain,deleted,view,expirationTime";

/// Of a folder that is only looked at to learn where it is.
pub(crate) const FOLDER: &str = "id,name,mimeType,parents,driveId,ownedByMe";

/// Of what stands against a write.
pub(crate) const OBSTACLES: &str = "id,trashed,driveId,ownedByMe,contentRestrictions(readOnly,reason),capabilities(canModifyContent)";

/// Of a file's content, as v3 tells.
pub(crate) const CONTENT: &str = "id,size,md5Checksum,headRevisionId,trashed,driveId,ownedByMe";

/// Of a file's content, as v2 tells.
pub(crate) const CONTENT_V2: &str = "etag,fileSize,md5Checksum,headRevisionId,labels(trashed)";

/// What a conditional write must know before and after.
pub(crate) const WRITE_V2: &str = "etag,fileSize,md5Checksum,headRevisionId,mimeType,modifiedDate,labels(trashed),\
    contentRestrictions(readOnly,reason),capabilities(canModifyContent)";

/// What a write through v3 must know before and after.
pub(crate) const WRITE_V3: &str = "id,size,md5Checksum,headRevisionId,mimeType,modifiedTime,trashed,driveId,ownedByMe,\
    contentRestrictions(readOnly,reason),capabilities(canModifyContent)";
