-- CreateTable
CREATE TABLE "EndedSession" (
    "tokenHash" TEXT NOT NULL PRIMARY KEY,
    "userId" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "until" DATETIME NOT NULL,
    CONSTRAINT "EndedSession_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tokenHash" TEXT NOT NULL,
    "formerTokenHash" TEXT,
    "formerUntil" DATETIME,
    "rotationDue" BOOLEAN NOT NULL DEFAULT false,
    "userId" TEXT NOT NULL,
    "userAgent" TEXT,
    "address" TEXT,
    "createdAt" DATETIME NOT NULL,
    "lastSeenAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "method" TEXT NOT NULL DEFAULT 'password',
    "provenAt" DATETIME,
    "secondFactor" BOOLEAN NOT NULL DEFAULT false,
    "restricted" BOOLEAN NOT NULL DEFAULT false,
    "identityId" TEXT,
    "providerSessionId" TEXT,
    "idToken" TEXT,
    CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Session_identityId_fkey" FOREIGN KEY ("identityId") REFERENCES "ExternalIdentity" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_Session" ("address", "createdAt", "expiresAt", "id", "idToken", "identityId", "lastSeenAt", "method", "provenAt", "providerSessionId", "restricted", "secondFactor", "tokenHash", "userAgent", "userId") SELECT "address", "createdAt", "expiresAt", "id", "idToken", "identityId", "lastSeenAt", "method", "provenAt", "providerSessionId", "restricted", "secondFactor", "tokenHash", "userAgent", "userId" FROM "Session";
DROP TABLE "Session";
ALTER TABLE "new_Session" RENAME TO "Session";
CREATE UNIQUE INDEX "Session_tokenHash_key" ON "Session"("tokenHash");
CREATE UNIQUE INDEX "Session_formerTokenHash_key" ON "Session"("formerTokenHash");
CREATE INDEX "Session_userId_id_idx" ON "Session"("userId", "id");
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");
CREATE INDEX "Session_identityId_idx" ON "Session"("identityId");
CREATE INDEX "Session_providerSessionId_idx" ON "Session"("providerSessionId");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE INDEX "EndedSession_userId_idx" ON "EndedSession"("userId");

-- CreateIndex
CREATE INDEX "EndedSession_until_idx" ON "EndedSession"("until");

-- People's names and addresses have no place in the audit, which outlives them.
UPDATE "AuditEntry"
SET "before" = json_remove("before", '$.email', '$.name'), "after" = json_remove("after", '$.email', '$.name')
WHERE "subjectKind" IN ('user', 'portal');
