import { Module } from '@nestjs/common';
import { CallReports } from './call-reports.js';

@Module({ providers: [CallReports], exports: [CallReports] })
export class ReportModule {}
