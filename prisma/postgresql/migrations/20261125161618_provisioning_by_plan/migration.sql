-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "RunCause" ADD VALUE 'drift';
ALTER TYPE "RunCause" ADD VALUE 'suspended';
ALTER TYPE "RunCause" ADD VALUE 'resumed';
ALTER TYPE "RunCause" ADD VALUE 'archived';
ALTER TYPE "RunCause" ADD VALUE 'deleted';
ALTER TYPE "RunCause" ADD VALUE 'restored';
ALTER TYPE "RunCause" ADD VALUE 'purged';

-- AlterTable
ALTER TABLE "Membership" ADD COLUMN     "mailbox" TEXT;

-- AlterTable
ALTER TABLE "ProvisioningRun" ADD COLUMN     "approved" JSONB,
ADD COLUMN     "deletesAgreed" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "ProvisioningStep" ADD COLUMN     "held" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "Tenant" ADD COLUMN     "approveDeletions" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "Domain" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "challenge" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "expiresAt" TIMESTAMP(3),
    "verifiedAt" TIMESTAMP(3),
    "verifiedName" TEXT,
    "checkedAt" TIMESTAMP(3),
    "findings" JSONB,

    CONSTRAINT "Domain_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ProvisionedResource" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "service" "ServiceName" NOT NULL,
    "step" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "externalId" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,

    CONSTRAINT "ProvisionedResource_pkey" PRIMARY KEY ("id")
);

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

-- CreateIndex
CREATE INDEX "Tenant_status_purgeAt_idx" ON "Tenant"("status", "purgeAt");

-- AddForeignKey
ALTER TABLE "Domain" ADD CONSTRAINT "Domain_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ProvisionedResource" ADD CONSTRAINT "ProvisionedResource_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- One step became two: `domains` and `accounts`. A tenant gets them when it is asked for next.
DELETE FROM "ProvisioningStep" WHERE "service" = 'stalwart' AND "step" = 'domain';
