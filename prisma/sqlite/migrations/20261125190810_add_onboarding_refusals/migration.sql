-- AlterTable
ALTER TABLE "OnboardingMail" ADD COLUMN "refusal" TEXT;
