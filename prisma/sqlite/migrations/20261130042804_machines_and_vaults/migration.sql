-- CreateTable
CREATE TABLE "Identity" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "handle" TEXT NOT NULL,
    "did" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "address" TEXT,
    "userAgent" TEXT,
    "rotationAsked" BOOLEAN NOT NULL DEFAULT false,
    "keyChangedAt" DATETIME NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "lastUsedAt" DATETIME,
    "revokedAt" DATETIME,
    "version" INTEGER NOT NULL DEFAULT 1
);

-- CreateTable
CREATE TABLE "IdentityClaim" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "identityId" TEXT NOT NULL,
    "principalId" TEXT,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "scopes" JSONB,
    "decidedById" TEXT,
    "createdAt" DATETIME NOT NULL,
    "decidedAt" DATETIME,
    CONSTRAINT "IdentityClaim_identityId_fkey" FOREIGN KEY ("identityId") REFERENCES "Identity" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "IdentityClaim_principalId_fkey" FOREIGN KEY ("principalId") REFERENCES "Principal" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Principal" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "userId" TEXT,
    "serviceAccountId" TEXT,
    "role" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    CONSTRAINT "Principal_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Principal_tenantId_userId_fkey" FOREIGN KEY ("tenantId", "userId") REFERENCES "Membership" ("tenantId", "userId") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Principal_serviceAccountId_fkey" FOREIGN KEY ("serviceAccountId") REFERENCES "ServiceAccount" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ServiceAccount" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    CONSTRAINT "ServiceAccount_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ApiToken" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "principalId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "ending" TEXT NOT NULL,
    "scopes" JSONB,
    "createdById" TEXT,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME,
    "lastUsedAt" DATETIME,
    "revokedAt" DATETIME,
    CONSTRAINT "ApiToken_principalId_fkey" FOREIGN KEY ("principalId") REFERENCES "Principal" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Vault" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "handle" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    CONSTRAINT "Vault_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "PrincipalVaultBinding" (
    "principalId" TEXT NOT NULL,
    "vaultId" TEXT NOT NULL,
    "defaultOf" TEXT,
    "createdAt" DATETIME NOT NULL,

    PRIMARY KEY ("principalId", "vaultId"),
    CONSTRAINT "PrincipalVaultBinding_principalId_fkey" FOREIGN KEY ("principalId") REFERENCES "Principal" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "PrincipalVaultBinding_vaultId_fkey" FOREIGN KEY ("vaultId") REFERENCES "Vault" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "WrappedKey" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "masterId" TEXT NOT NULL,
    "wrapped" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "wrappedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "MasterKey" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "derivation" TEXT NOT NULL,
    "salt" TEXT NOT NULL,
    "proof" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "successor" TEXT,
    "createdAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "VaultBlob" (
    "key" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "sealed" TEXT NOT NULL,
    "writtenAt" BIGINT NOT NULL,
    "newest" BOOLEAN NOT NULL,

    PRIMARY KEY ("key", "version")
);

-- CreateTable
CREATE TABLE "SecretLease" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "vaultId" TEXT NOT NULL,
    "principalId" TEXT NOT NULL,
    "askedBy" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "endsLatest" DATETIME NOT NULL,
    "lastReadAt" DATETIME,
    "endedAt" DATETIME,
    "endReason" TEXT,
    "externalId" TEXT,
    "settledAt" DATETIME,
    "nextTryAt" DATETIME,
    CONSTRAINT "SecretLease_vaultId_fkey" FOREIGN KEY ("vaultId") REFERENCES "Vault" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "SecretLease_principalId_fkey" FOREIGN KEY ("principalId") REFERENCES "Principal" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "TenantConnection" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "apiUrl" TEXT NOT NULL,
    "options" JSONB NOT NULL,
    "secretVersion" INTEGER NOT NULL,
    "testedAt" DATETIME,
    "testError" TEXT,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT "TenantConnection_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "Identity_handle_key" ON "Identity"("handle");

-- CreateIndex
CREATE UNIQUE INDEX "Identity_did_key" ON "Identity"("did");

-- CreateIndex
CREATE INDEX "IdentityClaim_principalId_id_idx" ON "IdentityClaim"("principalId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "IdentityClaim_identityId_status_key" ON "IdentityClaim"("identityId", "status");

-- CreateIndex
CREATE UNIQUE INDEX "Principal_serviceAccountId_key" ON "Principal"("serviceAccountId");

-- CreateIndex
CREATE INDEX "Principal_tenantId_id_idx" ON "Principal"("tenantId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Principal_tenantId_userId_key" ON "Principal"("tenantId", "userId");

-- CreateIndex
CREATE UNIQUE INDEX "ServiceAccount_tenantId_name_key" ON "ServiceAccount"("tenantId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_tokenHash_key" ON "ApiToken"("tokenHash");

-- CreateIndex
CREATE INDEX "ApiToken_tenantId_id_idx" ON "ApiToken"("tenantId", "id");

-- CreateIndex
CREATE INDEX "ApiToken_principalId_idx" ON "ApiToken"("principalId");

-- CreateIndex
CREATE INDEX "Vault_tenantId_id_idx" ON "Vault"("tenantId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Vault_tenantId_handle_key" ON "Vault"("tenantId", "handle");

-- CreateIndex
CREATE UNIQUE INDEX "PrincipalVaultBinding_defaultOf_key" ON "PrincipalVaultBinding"("defaultOf");

-- CreateIndex
CREATE INDEX "PrincipalVaultBinding_vaultId_idx" ON "PrincipalVaultBinding"("vaultId");

-- CreateIndex
CREATE INDEX "WrappedKey_masterId_id_idx" ON "WrappedKey"("masterId", "id");

-- CreateIndex
CREATE INDEX "MasterKey_state_idx" ON "MasterKey"("state");

-- CreateIndex
CREATE INDEX "VaultBlob_newest_key_idx" ON "VaultBlob"("newest", "key");

-- CreateIndex
CREATE INDEX "SecretLease_tenantId_id_idx" ON "SecretLease"("tenantId", "id");

-- CreateIndex
CREATE INDEX "SecretLease_vaultId_id_idx" ON "SecretLease"("vaultId", "id");

-- CreateIndex
CREATE INDEX "SecretLease_principalId_id_idx" ON "SecretLease"("principalId", "id");

-- CreateIndex
CREATE INDEX "SecretLease_nextTryAt_idx" ON "SecretLease"("nextTryAt");

-- CreateIndex
CREATE INDEX "SecretLease_endedAt_expiresAt_idx" ON "SecretLease"("endedAt", "expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "TenantConnection_tenantId_service_key" ON "TenantConnection"("tenantId", "service");

-- Every tenant has a vault. Those that are there already get one under their own id.
INSERT INTO "Vault" ("id", "tenantId", "handle", "createdAt") SELECT "id", "id", 'default', "createdAt" FROM "Tenant";
