-- AlterTable
ALTER TABLE "Membership" ADD COLUMN "mailbox" TEXT;

-- CreateTable
CREATE TABLE "Domain" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "challenge" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "expiresAt" DATETIME,
    "verifiedAt" DATETIME,
    "verifiedName" TEXT,
    "checkedAt" DATETIME,
    "findings" JSONB,
    CONSTRAINT "Domain_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ProvisionedResource" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "externalId" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    CONSTRAINT "ProvisionedResource_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_ProvisioningRun" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'running',
    "approved" JSONB,
    "deletesAgreed" BOOLEAN NOT NULL DEFAULT false,
    "startedAt" DATETIME NOT NULL,
    "endedAt" DATETIME,
    CONSTRAINT "ProvisioningRun_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_ProvisioningRun" ("cause", "endedAt", "id", "startedAt", "status", "tenantId") SELECT "cause", "endedAt", "id", "startedAt", "status", "tenantId" FROM "ProvisioningRun";
DROP TABLE "ProvisioningRun";
ALTER TABLE "new_ProvisioningRun" RENAME TO "ProvisioningRun";
CREATE INDEX "ProvisioningRun_tenantId_id_idx" ON "ProvisioningRun"("tenantId", "id");
CREATE TABLE "new_ProvisioningStep" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "generation" INTEGER NOT NULL DEFAULT 1,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "reason" TEXT,
    "error" TEXT,
    "externalId" TEXT,
    "nextAttemptAt" DATETIME,
    "held" BOOLEAN NOT NULL DEFAULT false,
    "sequence" INTEGER NOT NULL DEFAULT 0,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "ProvisioningStep_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_ProvisioningStep" ("attempt", "createdAt", "error", "externalId", "generation", "id", "nextAttemptAt", "reason", "sequence", "service", "status", "step", "tenantId", "updatedAt") SELECT "attempt", "createdAt", "error", "externalId", "generation", "id", "nextAttemptAt", "reason", "sequence", "service", "status", "step", "tenantId", "updatedAt" FROM "ProvisioningStep";
DROP TABLE "ProvisioningStep";
ALTER TABLE "new_ProvisioningStep" RENAME TO "ProvisioningStep";
CREATE INDEX "ProvisioningStep_nextAttemptAt_tenantId_idx" ON "ProvisioningStep"("nextAttemptAt", "tenantId");
CREATE INDEX "ProvisioningStep_tenantId_sequence_idx" ON "ProvisioningStep"("tenantId", "sequence");
CREATE INDEX "ProvisioningStep_status_service_idx" ON "ProvisioningStep"("status", "service");
CREATE UNIQUE INDEX "ProvisioningStep_tenantId_service_step_key" ON "ProvisioningStep"("tenantId", "service", "step");
CREATE TABLE "new_Tenant" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "purgeAt" DATETIME,
    "approveDeletions" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1
);
INSERT INTO "new_Tenant" ("createdAt", "id", "name", "nameKey", "purgeAt", "slug", "status", "updatedAt", "version") SELECT "createdAt", "id", "name", "nameKey", "purgeAt", "slug", "status", "updatedAt", "version" FROM "Tenant";
DROP TABLE "Tenant";
ALTER TABLE "new_Tenant" RENAME TO "Tenant";
CREATE UNIQUE INDEX "Tenant_slug_key" ON "Tenant"("slug");
CREATE INDEX "Tenant_nameKey_id_idx" ON "Tenant"("nameKey", "id");
CREATE INDEX "Tenant_status_id_idx" ON "Tenant"("status", "id");
CREATE INDEX "Tenant_status_purgeAt_idx" ON "Tenant"("status", "purgeAt");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE UNIQUE INDEX "Domain_verifiedName_key" ON "Domain"("verifiedName");

-- CreateIndex
CREATE INDEX "Domain_tenantId_id_idx" ON "Domain"("tenantId", "id");

-- CreateIndex
CREATE INDEX "Domain_checkedAt_idx" ON "Domain"("checkedAt");

-- CreateIndex
CREATE INDEX "Domain_expiresAt_idx" ON "Domain"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "Domain_tenantId_name_key" ON "Domain"("tenantId", "name");

-- CreateIndex
CREATE INDEX "ProvisionedResource_tenantId_service_step_idx" ON "ProvisionedResource"("tenantId", "service", "step");

-- CreateIndex
CREATE UNIQUE INDEX "ProvisionedResource_service_step_externalId_tenantId_key" ON "ProvisionedResource"("service", "step", "externalId", "tenantId");

-- CreateIndex
CREATE UNIQUE INDEX "Membership_tenantId_mailbox_key" ON "Membership"("tenantId", "mailbox");

-- One step became two: `domains` and `accounts`. A tenant gets them when it is asked for next.
DELETE FROM "ProvisioningStep" WHERE "service" = 'stalwart' AND "step" = 'domain';
