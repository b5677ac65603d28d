-- AlterTable
ALTER TABLE "ProvisionedResource" ADD COLUMN "seenIn" TEXT;

-- AlterTable
ALTER TABLE "ProvisioningWork" ADD COLUMN "checkedAt" DATETIME;

-- CreateTable
CREATE TABLE "ProvisioningSweep" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "cause" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'running',
    "activeKey" TEXT,
    "place" JSONB NOT NULL,
    "pages" INTEGER NOT NULL DEFAULT 0,
    "things" INTEGER NOT NULL DEFAULT 0,
    "tenants" INTEGER NOT NULL DEFAULT 0,
    "drifted" INTEGER NOT NULL DEFAULT 0,
    "failures" JSONB NOT NULL,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "leaseUntil" DATETIME,
    "startedAt" DATETIME NOT NULL,
    "endedAt" DATETIME
);

-- CreateTable
CREATE TABLE "ResourceDrift" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT,
    "service" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "thing" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "externalId" TEXT,
    "what" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "expected" TEXT,
    "found" TEXT,
    "firstSeenAt" DATETIME NOT NULL,
    "lastSeenAt" DATETIME NOT NULL,
    CONSTRAINT "ResourceDrift_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "ProvisioningSweep_activeKey_key" ON "ProvisioningSweep"("activeKey");

-- CreateIndex
CREATE INDEX "ProvisioningSweep_startedAt_idx" ON "ProvisioningSweep"("startedAt");

-- CreateIndex
CREATE INDEX "ResourceDrift_tenantId_status_id_idx" ON "ResourceDrift"("tenantId", "status", "id");

-- CreateIndex
CREATE INDEX "ResourceDrift_status_service_idx" ON "ResourceDrift"("status", "service");

-- CreateIndex
CREATE UNIQUE INDEX "ResourceDrift_service_step_thing_key" ON "ResourceDrift"("service", "step", "thing");

-- CreateIndex
CREATE INDEX "ProvisionedResource_service_step_id_idx" ON "ProvisionedResource"("service", "step", "id");

-- CreateIndex
CREATE INDEX "ProvisioningWork_checkedAt_idx" ON "ProvisioningWork"("checkedAt");
