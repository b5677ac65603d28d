-- AlterTable
ALTER TABLE "ProvisioningStep" ADD COLUMN     "observedAt" TIMESTAMP(3);
