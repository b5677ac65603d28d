-- AlterTable
ALTER TABLE "ProvisioningRun" ADD COLUMN     "askedById" TEXT,
ADD COLUMN     "askedByKind" "ActorKind";

-- AlterTable
ALTER TABLE "ProvisioningSweep" ADD COLUMN     "expected" INTEGER;

-- AlterTable
ALTER TABLE "ProvisioningWork" ADD COLUMN     "passId" TEXT;

-- CreateIndex
CREATE INDEX "ProvisioningStep_status_service_updatedAt_idx" ON "ProvisioningStep"("status", "service", "updatedAt");
