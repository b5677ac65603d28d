-- CreateEnum
CREATE TYPE "SweepCause" AS ENUM ('scheduled', 'requested');

-- CreateEnum
CREATE TYPE "SweepStatus" AS ENUM ('running', 'done', 'failed');

-- CreateEnum
CREATE TYPE "DriftKind" AS ENUM ('changed', 'missing', 'unknown');

-- CreateEnum
CREATE TYPE "DriftStatus" AS ENUM ('open', 'accepted', 'ignored', 'repaired');

-- AlterTable
ALTER TABLE "ProvisionedResource" ADD COLUMN     "seenIn" TEXT;

-- AlterTable
ALTER TABLE "ProvisioningWork" ADD COLUMN     "checkedAt" TIMESTAMP(3);

-- CreateTable
CREATE TABLE "ProvisioningSweep" (
    "id" TEXT NOT NULL,
    "cause" "SweepCause" NOT NULL,
    "status" "SweepStatus" NOT NULL DEFAULT 'running',
    "activeKey" TEXT,
    "place" JSONB NOT NULL,
    "pages" INTEGER NOT NULL DEFAULT 0,
    "things" INTEGER NOT NULL DEFAULT 0,
    "tenants" INTEGER NOT NULL DEFAULT 0,
    "drifted" INTEGER NOT NULL DEFAULT 0,
    "failures" JSONB NOT NULL,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "leaseUntil" TIMESTAMP(3),
    "startedAt" TIMESTAMP(3) NOT NULL,
    "endedAt" TIMESTAMP(3),

    CONSTRAINT "ProvisioningSweep_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ResourceDrift" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT,
    "service" "ServiceName" NOT NULL,
    "step" TEXT NOT NULL,
    "thing" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "externalId" TEXT,
    "what" "DriftKind" NOT NULL,
    "status" "DriftStatus" NOT NULL DEFAULT 'open',
    "expected" TEXT,
    "found" TEXT,
    "firstSeenAt" TIMESTAMP(3) NOT NULL,
    "lastSeenAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "ResourceDrift_pkey" PRIMARY KEY ("id")
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

-- AddForeignKey
ALTER TABLE "ResourceDrift" ADD CONSTRAINT "ResourceDrift_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
