-- AlterTable
ALTER TABLE "ProvisioningStep" ADD COLUMN "observedAt" DATETIME;
