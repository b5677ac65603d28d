-- DropIndex
DROP INDEX "ProvisioningStep_status_service_idx";

-- DropIndex
DROP INDEX "ResourceDrift_status_service_idx";

-- AlterTable
ALTER TABLE "ResourceDrift" ADD COLUMN "repairRunId" TEXT;

-- CreateIndex
CREATE INDEX "ProvisioningStep_status_id_idx" ON "ProvisioningStep"("status", "id");

-- CreateIndex
CREATE INDEX "ProvisioningStep_status_service_id_idx" ON "ProvisioningStep"("status", "service", "id");

-- CreateIndex
CREATE INDEX "ResourceDrift_status_id_idx" ON "ResourceDrift"("status", "id");

-- CreateIndex
CREATE INDEX "ResourceDrift_status_service_id_idx" ON "ResourceDrift"("status", "service", "id");
